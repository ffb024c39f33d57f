import { err, ok, type Result } from '@esper/std';
import type { RegistryRefusal } from '../../errors.js';
import type { Sha256 } from '../../ports.js';
import { chainEntry, type HistoryAction, type HistoryEntry, type HistoryEvent, NO_HISTORY } from './history-entry.js';

/** Where a policy stands. `unknown`: never staged here. */
export type PolicyStanding = 'unknown' | 'staged' | 'shadow' | 'active' | 'retired' | 'rejected';

/** Everything the history says, as a value. */
export interface PolicyState {
  readonly standings: ReadonlyMap<string, PolicyStanding>;
  /** Digest of the policy in force. */
  readonly active: string | undefined;
  /** Digest of the one that was in force before it, and never failed. */
  readonly lastGood: string | undefined;
  /** The highest version that was ever activated; 0 before the first. */
  readonly versionMax: number;
  readonly sequence: number;
  readonly headHash: string;
}

export const FRESH_STATE: PolicyState = Object.freeze({
  standings: new Map(),
  active: undefined,
  lastGood: undefined,
  versionMax: 0,
  sequence: 0,
  headHash: NO_HISTORY,
});

/** Which actions a policy may go through from where it stands, and where it stands then. */
const TRANSITIONS: Readonly<
  Record<HistoryAction, { readonly from: readonly PolicyStanding[]; readonly to: PolicyStanding }>
> = {
  staged: { from: ['unknown', 'retired', 'rejected'], to: 'staged' },
  shadowed: { from: ['staged'], to: 'shadow' },
  activated: { from: ['staged', 'shadow'], to: 'active' },
  returned: { from: ['retired'], to: 'active' },
  rejected: { from: ['staged', 'shadow'], to: 'rejected' },
  retired: { from: ['active'], to: 'retired' },
};

const standingOf = (state: PolicyState, digest: string): PolicyStanding => state.standings.get(digest) ?? 'unknown';

/** Whether `event` may follow. Refused: `POLICY_STATE_INVALID`, or `POLICY_VERSION_ROLLBACK` for a version that does not rise. */
export function mayFollow(state: PolicyState, event: HistoryEvent): Result<true, RegistryRefusal> {
  const standing = standingOf(state, event.digest);
  const { from } = TRANSITIONS[event.action];
  const short = event.digest.slice(0, 12);
  if (!from.includes(standing)) {
    const message = `policy ${short} is ${standing} and cannot be ${event.action}; it would have to be ${from.join(' or ')}`;
    return err({ code: 'POLICY_STATE_INVALID', message });
  }
  if (event.action === 'returned' && event.digest !== state.lastGood) {
    const good = state.lastGood?.slice(0, 12) ?? 'none';
    return err({ code: 'POLICY_STATE_INVALID', message: `the last known good policy is ${good}, not ${short}` });
  }
  if (event.action === 'activated' && event.policyVersion <= state.versionMax && !event.downgrade) {
    const message = `policy ${short} has version ${event.policyVersion}, and version ${state.versionMax} was already in force`;
    return err({ code: 'POLICY_VERSION_ROLLBACK', message });
  }
  return ok(true);
}

/** The state after an event that may follow it, and the event's entry in the chain. */
export function follow(
  state: PolicyState,
  event: HistoryEvent,
  sha256: Sha256,
): { readonly state: PolicyState; readonly entry: HistoryEntry } {
  const entry = chainEntry(event, { sequence: state.sequence + 1, previous: state.headHash }, sha256);
  const standings = new Map(state.standings).set(event.digest, TRANSITIONS[event.action].to);
  const chain = { sequence: entry.sequence, headHash: entry.hash };
  switch (event.action) {
    case 'activated': {
      if (state.active !== undefined) standings.set(state.active, 'retired');
      const versionMax = Math.max(state.versionMax, event.policyVersion);
      return { entry, state: { standings, ...chain, active: event.digest, lastGood: state.active, versionMax } };
    }
    case 'returned':
      if (state.active !== undefined) standings.set(state.active, 'rejected');
      return { entry, state: { ...state, standings, ...chain, active: event.digest, lastGood: undefined } };
    case 'retired':
      return { entry, state: { ...state, standings, ...chain, active: undefined, lastGood: event.digest } };
    default: {
      // A policy that is staged anew is no longer what one would go back to.
      const lastGood = state.lastGood === event.digest ? undefined : state.lastGood;
      return { entry, state: { ...state, standings, ...chain, lastGood } };
    }
  }
}

/** Folds entries, checking every link. `HISTORY_BROKEN` names the first that does not hold. */
export function foldHistory(entries: readonly HistoryEntry[], sha256: Sha256): Result<PolicyState, RegistryRefusal> {
  let state = FRESH_STATE;
  for (const [at, entry] of entries.entries()) {
    const next = follow(state, entry, sha256);
    const isLinked = entry.sequence === next.entry.sequence && entry.previous === next.entry.previous;
    if (!isLinked || entry.hash !== next.entry.hash) {
      return err({
        code: 'HISTORY_BROKEN',
        message: `entry ${at + 1} of the policy history does not continue the one before it`,
      });
    }
    const allowed = mayFollow(state, entry);
    if (!allowed.ok) {
      return err({
        code: 'HISTORY_BROKEN',
        message: `entry ${at + 1} of the policy history: ${allowed.error.message}`,
      });
    }
    state = next.state;
  }
  return ok(state);
}
