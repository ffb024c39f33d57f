import { elapsedMs, type MonoMs } from '@esper/std';
import type { WorkerPorts } from '../ports.js';

/**
 * Calls `ring` once `at` has passed by the clock, and returns how to call it off. Timers may fire up to a millisecond
 * early: then the rest is waited for, so that no deadline comes early.
 */
export function alarm(ports: Pick<WorkerPorts, 'clock' | 'timers'>, at: MonoMs, ring: () => void): () => void {
  let disarm: () => void = () => undefined;
  const wait = (): void => {
    const leftMs = elapsedMs(ports.clock.monoMs(), at);
    if (leftMs > 0) disarm = ports.timers.after(leftMs, wait);
    else ring();
  };
  wait();
  return () => disarm();
}
