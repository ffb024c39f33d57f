import type { Branded } from './brand.js';
import { invariant } from './invariant.js';

/** Wall time: whole milliseconds since 1970-01-01T00:00:00Z. It may step in either direction. */
export type UnixMs = Branded<number, 'UnixMs'>;

/** Monotonic time in milliseconds, fractions allowed. Its zero is arbitrary and does not survive a restart. */
export type MonoMs = Branded<number, 'MonoMs'>;

/** Where the date comes from. */
export interface WallClock {
  wallMs(): UnixMs;
}

/** Where elapsed time comes from. */
export interface MonoClock {
  monoMs(): MonoMs;
}

/** Checked constructor: a safe integer ≥ 0. Throws `InvariantError` otherwise. */
export function unixMs(value: number): UnixMs {
  invariant(Number.isSafeInteger(value) && value >= 0, () => `not a Unix time in milliseconds: ${value}`);
  return value as UnixMs;
}

/** Checked constructor: a finite number. Throws `InvariantError` otherwise. */
export function monoMs(value: number): MonoMs {
  invariant(Number.isFinite(value), () => `not a monotonic time in milliseconds: ${value}`);
  return value as MonoMs;
}

/** `at` moved by `ms` milliseconds. */
export const addMs = (at: MonoMs, ms: number): MonoMs => monoMs(at + ms);

/** Milliseconds from one reading to another; negative when `to` is earlier. */
export const elapsedMs = (from: MonoMs, to: MonoMs): number => to - from;
