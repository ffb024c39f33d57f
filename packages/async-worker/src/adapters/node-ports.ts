import { AsyncLocalStorage } from 'node:async_hooks';
import { systemClock } from '@esper/std/node';
import type { Timers, WorkerPorts } from '../ports.js';

/** The runtime's own timers. Pending ones keep the process alive, as a caller that waits should. */
export const systemTimers: Timers = Object.freeze({
  after(delayMs: number, fire: () => void) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
});

/** Monotonic clock, timers and task scope of this process, for one worker. */
export function nodeWorkerPorts(): WorkerPorts {
  return Object.freeze({ clock: systemClock, timers: systemTimers, scope: new AsyncLocalStorage<object>() });
}
