import type { Sha256 } from '../../ports.js';

/** What was done with a policy. `returned`: back to the last known good one; the one before it is then rejected. */
export const HISTORY_ACTIONS = ['staged', 'shadowed', 'activated', 'returned', 'rejected', 'retired'] as const;
export type HistoryAction = (typeof HISTORY_ACTIONS)[number];

/** Who did something, and why. Both are required: an entry without a name helps nobody. */
export interface HistoryNote {
  readonly who: string;
  readonly why: string;
}

/** One thing that was done with one policy. */
export interface HistoryEvent extends HistoryNote {
  readonly action: HistoryAction;
  /** The bundle's digest. */
  readonly digest: string;
  readonly policyId: string;
  readonly policyVersion: number;
  /** Wall time, milliseconds since 1970. */
  readonly atMs: number;
  /** True when an older version was activated because a trusted key asked for it. */
  readonly downgrade: boolean;
}

/** An event with its place in the chain. */
export interface HistoryEntry extends HistoryEvent {
  /** From 1, without a gap. */
  readonly sequence: number;
  /** Hash of the entry before; 64 zeros for the first. */
  readonly previous: string;
  /** SHA-256, hex, over all the other fields. */
  readonly hash: string;
}

/** What the first entry has as `previous`. */
export const NO_HISTORY = '0'.repeat(64);

/** The entry that follows one with hash `previous`. */
export function chainEntry(
  event: HistoryEvent,
  place: { readonly sequence: number; readonly previous: string },
  sha256: Sha256,
): HistoryEntry {
  const { action, digest, policyId, policyVersion, atMs, downgrade, who, why } = event;
  const { sequence, previous } = place;
  // Fields in a fixed order: an array has one text, an object has many.
  const fields = [sequence, previous, action, digest, policyId, policyVersion, atMs, downgrade, who, why];
  const hash = sha256(new TextEncoder().encode(JSON.stringify(fields)));
  return { sequence, previous, action, digest, policyId, policyVersion, atMs, downgrade, who, why, hash };
}
