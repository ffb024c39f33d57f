export { accountsFor, type WorkerCounters, type WorkerLoad, type WorkerStats } from './core/counters.js';
export { type TaskOutcome, valueOrThrow } from './core/outcome.js';
export { WORKER_ERRORS, WorkerError, type WorkerErrorCode } from './errors.js';
export {
  type ResolvedWorkerOptions,
  resolveWorkerOptions,
  type SubmitOptions,
  WORKER_DEFAULTS,
  type WorkerOptions,
} from './options.js';
export type { TaskScope, Timers, WorkerPorts } from './ports.js';
export type { Task } from './shell/task.js';
export { type AsyncWorker, createWorker, type ShutdownReport, type TaskHandle } from './shell/worker.js';
