import { err, ok, type Result } from '@esper/std';
import type { TrainerPorts } from '../ports.js';

/** What became of a promise that was given a limited time. The promise itself goes on; nobody listens any more. */
export type Late<T> = Result<T, { readonly kind: 'late' } | { readonly kind: 'failed'; readonly cause: unknown }>;

/** The promise's outcome, or `late` after `ms`. Never rejects. */
export function within<T>(ports: Pick<TrainerPorts, 'startTimer'>, ms: number, work: Promise<T>): Promise<Late<T>> {
  return new Promise((resolve) => {
    const cancel = ports.startTimer(ms, () => resolve(err({ kind: 'late' })));
    work.then(
      (value) => {
        cancel();
        resolve(ok(value));
      },
      (cause: unknown) => {
        cancel();
        resolve(err({ kind: 'failed', cause }));
      },
    );
  });
}

/** Resolves after `ms`. */
export const pauseFor = (ports: Pick<TrainerPorts, 'startTimer'>, ms: number): Promise<void> =>
  new Promise((resolve) => {
    ports.startTimer(ms, resolve);
  });
