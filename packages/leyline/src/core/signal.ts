/**
 * A measured value that may be bad. Finite numbers are evidence; NaN, ±Infinity and text (what the sender gave when it
 * was no number, at most 64 characters) are kept as they came, so that the risk engine can see and refuse them.
 * Absent is not zero: a signal that was not measured has no key.
 */
export type Signal = number | string;

/** The signal as evidence: its finite number, or `undefined` when it is NaN, infinite or text. */
export const finiteSignal = (signal: Signal | undefined): number | undefined =>
  typeof signal === 'number' && Number.isFinite(signal) ? signal : undefined;
