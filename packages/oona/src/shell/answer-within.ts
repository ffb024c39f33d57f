import { OonaError } from '../errors.js';
import type { Timers } from '../ports.js';

/** The answer, or `OONA_UNREACHABLE` after `deadlineMs`: what is late is no answer, and whether the call was carried out is unknown. */
export function answerWithin<T>(answer: Promise<T>, deadlineMs: number, timers: Timers): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(deadlineMs, () =>
      reject(new OonaError('OONA_UNREACHABLE', `redis: no answer within ${deadlineMs} ms`)),
    );
    answer.then(resolve, reject).finally(() => cancel());
  });
}
