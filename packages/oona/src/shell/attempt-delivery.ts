import type { Delivery, DeliveryHandler, Timers } from '../ports.js';

const BACKOFF_DOUBLINGS_MAX = 6;

/** The wait after the n-th attempt, the first being 1: doubles up to 64 times. */
export const retryDelay = (baseMs: number, attempt: number): number =>
  baseMs * 2 ** Math.min(attempt - 1, BACKOFF_DOUBLINGS_MAX);

/**
 * One attempt; true when the handler is done with the message. A rejection, a throw and a deadline passed are one thing here: not
 * done. The handler reports its own errors; a late result of one that hung is ignored.
 */
export function attemptDelivery(
  handler: DeliveryHandler,
  delivery: Delivery,
  { timers, deadlineMs }: { readonly timers: Timers; readonly deadlineMs: number },
): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = timers.after(deadlineMs, () => resolve(false));
    const settle = (isDone: boolean): void => {
      cancel();
      resolve(isDone);
    };
    Promise.resolve()
      .then(() => handler(delivery))
      .then(
        () => settle(true),
        () => settle(false),
      );
  });
}
