import type { CommitAnswer, EnterAnswer } from '../ports.js';

/** What a host knows about a run: the token it holds it under, 0 for none, and the last revision it saw. */
export interface Holding {
  readonly token: number;
  readonly revision: number;
}

/** What a host knows about a run it has never held. */
export const NEVER_HELD: Holding = Object.freeze({ token: 0, revision: 0 });

/** What the host knows after the run was granted. */
export const afterGrant = ({ token, revision }: Extract<EnterAnswer, { readonly kind: 'granted' }>): Holding => ({
  token,
  revision,
});

/**
 * What the host knows after a write. A write that was refused for any reason shows that the host's picture is wrong: it drops the
 * token, so that the next ask brings the stored state under a new one. The revision is kept: a ledger that does not know the run
 * any more must not be taken for one that never did.
 */
export const afterCommit = (before: Holding, answer: CommitAnswer): Holding =>
  answer.kind === 'accepted'
    ? { token: before.token, revision: answer.revision }
    : { token: 0, revision: before.revision };
