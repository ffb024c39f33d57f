import type { CommitAnswer, EnterAnswer, EnterAsk, FencedWrite, TakenFrom, WithdrawAnswer } from '../ports.js';

/** One run as the ledger holds it. */
export interface RunEntry {
  /** Who last held the run; empty for a run that was adopted. */
  readonly owner: string;
  readonly token: number;
  /** End of the lease by the ledger's own clock, milliseconds; 0 when it was given back. */
  readonly untilMs: number;
  /** Accepted writes. */
  readonly revision: number;
  /** The highest sequence number that was ever accepted. */
  readonly sequence: number;
  /** Absent until the first accepted write. */
  readonly state?: Uint8Array;
}

/** When a host asks, and the highest token that was ever given, over all runs. */
export interface EnterMoment {
  readonly nowMs: number;
  readonly lastToken: number;
}

/** What an ask comes to: the entry after it, and the answer. */
export interface EnterStep {
  readonly entry: RunEntry | undefined;
  readonly answer: EnterAnswer;
}

/**
 * Who may decide for a run. The holder goes on under its token. Anybody else gets the run with a token above every earlier one,
 * once the lease is over; a host that forgot its token is somebody else, but need not wait for its own lease. Safety rests on the
 * token alone: a clock that jumps moves take-overs, and lets nobody write who was overtaken.
 */
export function enterRun(entry: RunEntry | undefined, ask: EnterAsk, at: EnterMoment): EnterStep {
  if (ask.revision > 0 && (entry?.revision ?? 0) === 0) return { entry, answer: { kind: 'missing' } };
  if (entry !== undefined && entry.owner === ask.owner && entry.token === ask.token) return renewed(entry, ask, at);
  if (entry !== undefined && entry.owner !== ask.owner && at.nowMs < entry.untilMs) {
    return { entry, answer: { kind: 'held', owner: entry.owner, leftMs: entry.untilMs - at.nowMs } };
  }
  return taken(entry, ask, at);
}

function renewed(entry: RunEntry, { revision, leaseMs }: EnterAsk, { nowMs }: EnterMoment): EnterStep {
  const answer = grantOf(entry, entry.revision === revision ? {} : stateOf(entry));
  return { entry: { ...entry, untilMs: nowMs + leaseMs }, answer };
}

function taken(before: RunEntry | undefined, { owner, floor, leaseMs }: EnterAsk, at: EnterMoment): EnterStep {
  const token = Math.max(at.lastToken, before?.token ?? 0, floor) + 1;
  const lease = { owner, token, untilMs: at.nowMs + leaseMs };
  if (before === undefined) {
    const entry = { ...lease, revision: 0, sequence: 0 };
    return { entry, answer: grantOf(entry, {}) };
  }
  const entry = { ...before, ...lease };
  return { entry, answer: grantOf(entry, { ...stateOf(entry), ...fromOf(before, owner) }) };
}

const stateOf = ({ state }: RunEntry) => (state === undefined ? {} : { state });

function fromOf({ owner, untilMs }: RunEntry, asking: string): { readonly from?: TakenFrom } {
  if (owner === asking || owner === '') return {};
  return { from: { owner, how: untilMs === 0 ? 'released' : 'expired' } };
}

const grantOf = (
  { token, revision, sequence }: RunEntry,
  more: { readonly state?: Uint8Array; readonly from?: TakenFrom },
): EnterAnswer => ({ kind: 'granted', token, revision, sequence, ...more });

/** What a write comes to: the entry after it, and the answer. */
export interface CommitStep {
  readonly entry: RunEntry | undefined;
  readonly answer: CommitAnswer;
}

/**
 * The fence. A write is taken only under the token in force, and a command only with a sequence number above every accepted one
 * and for a packet that has no answer yet (`isAnswered`).
 */
export function commitRun(entry: RunEntry | undefined, write: FencedWrite, isAnswered: boolean): CommitStep {
  if (entry === undefined) return { entry, answer: { kind: 'missing' } };
  const { token, owner, sequence } = entry;
  if (token !== write.token) return { entry, answer: { kind: 'lost', token, owner } };
  const isCommand = write.answer !== undefined;
  if (isCommand ? write.sequence <= sequence : write.sequence < sequence) {
    return { entry, answer: { kind: 'sequence', stored: sequence } };
  }
  if (isCommand && isAnswered) return { entry, answer: { kind: 'answered' } };
  const revision = entry.revision + 1;
  const after = { ...entry, revision, sequence: write.sequence, state: write.state, untilMs: 0 };
  return { entry: after, answer: { kind: 'accepted', revision } };
}

/** The lease given back, if the token is still in force. */
export const releaseRun = (entry: RunEntry | undefined, token: number): RunEntry | undefined =>
  entry?.token === token ? { ...entry, untilMs: 0 } : entry;

/** A run that came from elsewhere: nobody's, with one write. */
export const adoptedRun = (state: Uint8Array, sequence: number): RunEntry => ({
  owner: '',
  token: 0,
  untilMs: 0,
  revision: 1,
  sequence,
  state,
});

/** A stored answer. */
export interface StoredAnswer {
  readonly commandId: string;
  readonly bytes: Uint8Array;
  /** True once somebody who asked again has got it: from then on it has left, whatever its maker says. */
  readonly isGiven: boolean;
}

/** Whether an answer may still be taken back. */
export function withdrawable(answer: StoredAnswer | undefined, commandId: string): WithdrawAnswer {
  if (answer?.commandId !== commandId) return 'gone';
  return answer.isGiven ? 'given' : 'withdrawn';
}
