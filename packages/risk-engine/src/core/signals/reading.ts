import type { Signal } from '@esper/leyline';
import { SIGNAL_NAMES, type SignalName, type SignalPolicy } from './signal-table.js';

/** Why a reading is no evidence. */
export type Problem = 'nan' | 'infinite' | 'text' | 'absent' | 'stale' | 'malformed';

/** What is known about one signal in one decision. */
export type Reading =
  | { readonly kind: 'value'; readonly value: number }
  /** Present but no evidence, or absent where it must be there. It counts as the worst value it could have. */
  | { readonly kind: 'unknown'; readonly problem: Problem; readonly given?: Signal }
  /** Optional and not here: neutral. `seen` tells "not now" from "never". */
  | { readonly kind: 'absent'; readonly seen: boolean };

const NEVER_SEEN: Reading = Object.freeze({ kind: 'absent', seen: false });
const NOT_NOW: Reading = Object.freeze({ kind: 'absent', seen: true });
const MISSING: Reading = Object.freeze({ kind: 'unknown', problem: 'absent' });
const STALE: Reading = Object.freeze({ kind: 'unknown', problem: 'stale' });

/** The readings before anything was read. */
export const NOTHING_READ = Object.fromEntries(SIGNAL_NAMES.map((name) => [name, NEVER_SEEN])) as Readonly<
  Record<SignalName, Reading>
>;

/** What a value that was given can be. */
export type GivenReading =
  | Extract<Reading, { kind: 'value' }>
  | (Extract<Reading, { kind: 'unknown' }> & { readonly given: Signal });

/** A given value as a reading: finite numbers are evidence, everything else is unknown. */
export function readGiven(given: Signal): GivenReading {
  if (typeof given === 'string') return { kind: 'unknown', problem: 'text', given };
  if (Number.isFinite(given)) return { kind: 'value', value: given };
  return { kind: 'unknown', problem: Number.isNaN(given) ? 'nan' : 'infinite', given };
}

/** What an absent signal means: unknown when it is required or too long away, otherwise neutral. */
export function readAbsent(policy: SignalPolicy, seenMs: number | null, nowMs: number): Reading {
  if (policy.presence === 'required') return MISSING;
  if (seenMs === null) return NEVER_SEEN;
  return nowMs - seenMs > policy.ageMsMax ? STALE : NOT_NOW;
}

/** The number of a reading, or `null` when it has none. */
export const numberOf = (reading: Reading): number | null => (reading.kind === 'value' ? reading.value : null);
