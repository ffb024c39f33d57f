import type { Reading } from '../signals/reading.js';

/** Whether a condition on a reading holds: surely, surely not, or nobody can say. */
export type Certainty = 'yes' | 'no' | 'perhaps';

/** A condition on one reading. Absent is "no": an optional signal that is not there accuses nobody. */
export function certainty(reading: Reading, holds: (value: number) => boolean): Certainty {
  if (reading.kind === 'value') return holds(reading.value) ? 'yes' : 'no';
  return reading.kind === 'unknown' ? 'perhaps' : 'no';
}

/** Both conditions together: one "surely not" decides. */
export function both(a: Certainty, b: Certainty): Certainty {
  if (a === 'no' || b === 'no') return 'no';
  return a === 'yes' && b === 'yes' ? 'yes' : 'perhaps';
}
