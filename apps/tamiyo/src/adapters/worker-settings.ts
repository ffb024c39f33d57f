import type { WorkerOptions } from '@esper/async-worker';
import type { Config } from '../config/knobs.js';

/** Bounds of the one worker that all decisions of a host share, as configured. */
export const workerSettings = (
  config: Pick<Config, 'worker.concurrencyMax' | 'worker.shutdownGraceS'>,
): Pick<WorkerOptions, 'concurrencyMax' | 'shutdownGraceMs'> => ({
  concurrencyMax: config['worker.concurrencyMax'],
  shutdownGraceMs: config['worker.shutdownGraceS'] * 1000,
});
