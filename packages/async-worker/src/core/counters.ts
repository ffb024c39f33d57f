import { invariant } from '@esper/std';

/** Totals since the worker was created. */
export interface WorkerCounters {
  /** Accepted submissions. */
  readonly submitted: number;
  readonly completed: number;
  readonly cancelled: number;
  readonly timedOut: number;
  readonly failed: number;
  /** Submissions that were not accepted; not part of `submitted`. */
  readonly refused: number;
  /** Results that came after their task had timed out or been cancelled, and were dropped. */
  readonly lateDropped: number;
}

/** What is in the worker now. */
export interface WorkerLoad {
  readonly queued: number;
  /** Executing, with a caller waiting. */
  readonly running: number;
  /** Executing although the caller has its answer: they hold their slot until they really end. */
  readonly lingering: number;
}

/** Counters and load, read at one moment. */
export type WorkerStats = WorkerCounters & WorkerLoad;

export const NO_COUNTS: WorkerCounters = Object.freeze({
  submitted: 0,
  completed: 0,
  cancelled: 0,
  timedOut: 0,
  failed: 0,
  refused: 0,
  lateDropped: 0,
});

/** One more of `what`. */
export const counted = (counters: WorkerCounters, what: keyof WorkerCounters): WorkerCounters => ({
  ...counters,
  [what]: counters[what] + 1,
});

/** Holds at every moment, not only when idle: submitted = completed + cancelled + timed out + failed + queued + running. */
export const accountsFor = (stats: WorkerStats): boolean =>
  stats.submitted === stats.completed + stats.cancelled + stats.timedOut + stats.failed + stats.queued + stats.running;

/** Throws `InvariantError` when a task has been lost or counted twice. */
export function assertAccounted(stats: WorkerStats): void {
  invariant(accountsFor(stats), () => `worker counters do not add up: ${JSON.stringify(stats)}`);
}
