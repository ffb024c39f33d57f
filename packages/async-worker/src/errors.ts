import { CodedError, type ErrorTable } from '@esper/std';

/** Everything that can go wrong between a caller and the worker. A task's own error is never one of these. */
export const WORKER_ERRORS = {
  WORKER_DEADLINE: {
    means: 'The task had no result when its deadline passed; the time it waited in the queue counts.',
    next: 'Give the call a longer deadline, raise concurrencyMax, or make the task react to its signal sooner.',
  },
  WORKER_CANCELLED: {
    means: 'The caller, or the signal it passed, cancelled the task before it had a result.',
    next: 'Nothing: this was asked for.',
  },
  WORKER_QUEUE_FULL: {
    means: 'All slots are taken and the queue holds queueMax tasks, so the submission was refused.',
    next: 'Submit less at a time, or raise concurrencyMax or queueMax.',
  },
  WORKER_NESTING_MAX: {
    means: 'A task submitted from inside a task, nestingMax levels deep, was refused.',
    next: 'Look for a task that submits itself again; otherwise raise nestingMax.',
  },
  WORKER_CLOSED: {
    means: 'The worker is shutting down: it takes nothing new and has cancelled what it held.',
    next: 'Create a new worker, or submit before shutdown.',
  },
} as const satisfies ErrorTable;

export type WorkerErrorCode = keyof typeof WORKER_ERRORS;

/** What the worker itself reports. `code` tells a deadline of ours from a timeout error of the task's own (D-31h). */
export class WorkerError extends CodedError<WorkerErrorCode> {
  override readonly name = 'WorkerError';

  constructor(code: WorkerErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(code, message, WORKER_ERRORS[code], options);
  }
}
