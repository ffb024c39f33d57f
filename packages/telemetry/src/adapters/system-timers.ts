import type { Timers } from '../ports.js';

/** The process's own timers. They do not keep the process alive unless asked to. */
export const systemTimers: Timers = Object.freeze({
  after: (delayMs: number, run: () => void, options?: { readonly keepsAlive: boolean }) => {
    const timer = setTimeout(run, delayMs);
    if (options?.keepsAlive !== true) timer.unref();
    return () => clearTimeout(timer);
  },
});
