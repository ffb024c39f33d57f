import type { ServerTimers } from './http-server.js';

/** The process's timers. What repeats does not keep the process alive. */
export const systemTimers: ServerTimers = Object.freeze({
  after: (delayMs: number, run: () => void) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  every: (everyMs: number, run: () => void) => {
    const timer = setInterval(run, everyMs);
    timer.unref();
    return () => clearInterval(timer);
  },
});
