import type { Timers } from '../decision/deadline.js';

/** Calls `flush` again and again, `everyMs` after each has ended; the returned function stops it and waits for the last. */
export function flushLoop(everyMs: number, flush: () => Promise<unknown>, timers: Timers): () => Promise<void> {
  let stopped = false;
  let cancel = (): void => undefined;
  let running: Promise<unknown> = Promise.resolve();
  const next = (): void => {
    cancel = timers.after(everyMs, () => {
      running = flush().finally(() => {
        if (!stopped) next();
      });
    });
  };
  next();
  return async () => {
    stopped = true;
    cancel();
    await running;
  };
}
