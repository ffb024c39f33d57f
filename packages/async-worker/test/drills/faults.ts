import type { AsyncWorker, SubmitOptions, Task, TaskHandle, TaskOutcome } from '../../src/index.js';
import type { Timers } from '../../src/ports.js';

/** What a fault may use. */
export interface FaultTools {
  readonly timers: Timers;
}

/** A way to break a worker's promises. Each must be noticed by the soak. */
export interface Fault {
  readonly means: string;
  readonly plant: (worker: AsyncWorker, tools: FaultTools) => AsyncWorker;
}

const withSubmit = (
  worker: AsyncWorker,
  submit: <T>(task: Task<T>, options: SubmitOptions) => TaskHandle<T>,
): AsyncWorker => ({ ...methods(worker), submit: (task, options = {}) => submit(task, options) });

const withOutcome = (
  worker: AsyncWorker,
  change: (outcome: TaskOutcome<unknown>) => TaskOutcome<unknown> | Promise<never>,
): AsyncWorker =>
  withSubmit(worker, <T>(task: Task<T>, options: SubmitOptions) => {
    const handle = worker.submit(task, options);
    return { ...handle, outcome: handle.outcome.then(change) as Promise<TaskOutcome<T>> };
  });

function methods(worker: AsyncWorker): AsyncWorker {
  return {
    submit: (task, options) => worker.submit(task, options),
    stats: () => worker.stats(),
    idle: () => worker.idle(),
    shutdown: () => worker.shutdown(),
  };
}

/** The faults of the prototype, and two more. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  'late-deadline': {
    means: 'the deadline is four times as long as asked',
    plant: (worker) =>
      withSubmit(worker, (task, { deadlineMs, ...rest }) =>
        worker.submit(task, { ...rest, ...(deadlineMs === undefined ? {} : { deadlineMs: deadlineMs * 4 }) }),
      ),
  },
  'slot-released-early': {
    means: 'a cancelled task gives up its slot while its code still runs (D-31d)',
    plant: (worker) =>
      withSubmit(worker, (task, options) =>
        worker.submit(
          (signal) =>
            Promise.race([
              task(signal),
              new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
            ]),
          options,
        ),
      ),
  },
  'handle-lost-at-shutdown': {
    means: 'what shutdown cancels never settles (D-31e)',
    plant: (worker) => {
      let closing = false;
      const lossy = withOutcome(worker, (outcome) =>
        closing && outcome.kind === 'cancelled' ? new Promise<never>(() => undefined) : outcome,
      );
      return {
        ...lossy,
        shutdown: () => {
          closing = true;
          return worker.shutdown();
        },
      };
    },
  },
  'own-timeout-mislabelled': {
    means: "a task's own timeout error is reported as the worker's deadline (D-31h)",
    plant: (worker) =>
      withOutcome(worker, (outcome) =>
        outcome.kind === 'failed' && (outcome.error as Error).name === 'TimeoutError'
          ? { kind: 'timed_out', phase: 'running', elapsedMs: outcome.elapsedMs, error: outcome.error as never }
          : outcome,
      ),
  },
  'cancel-not-counted': {
    means: 'cancelled tasks are in no counter (D-31i)',
    plant: (worker) => ({ ...methods(worker), stats: () => ({ ...worker.stats(), cancelled: 0 }) }),
  },
  'slow-shutdown': {
    means: 'every shutdown takes the whole grace (D-31a)',
    plant: (worker, { timers }) => {
      let closing: ReturnType<AsyncWorker['shutdown']> | undefined;
      const slow = async () => {
        const report = await worker.shutdown();
        await new Promise<void>((resolve) => void timers.after(1000, resolve));
        return report;
      };
      return {
        ...methods(worker),
        shutdown: () => {
          closing ??= slow();
          return closing;
        },
      };
    },
  },
};
