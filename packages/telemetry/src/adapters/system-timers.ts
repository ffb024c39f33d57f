import type { Timers } from '../ports.js';

/** The process's own timers. They do not keep the process alive. */
export const systemTimers: Timers = Object.freeze({
  after: (delayMs: number, run: () => void) => {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
});
