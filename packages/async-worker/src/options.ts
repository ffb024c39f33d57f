/** Bounds of a worker. What happens at each bound stands beside it. */
export interface WorkerOptions {
  /** Tasks that execute at once, those included whose caller has gone. Default 4. At the bound: queue. */
  readonly concurrencyMax?: number;
  /** Tasks that wait for a slot. Default 1024; 0 queues nothing. At the bound: `refused`, `WORKER_QUEUE_FULL`. */
  readonly queueMax?: number;
  /** How deep tasks may submit from inside tasks. Default 8. At the bound: `refused`, `WORKER_NESTING_MAX`. */
  readonly nestingMax?: number;
  /** Longest that `shutdown` waits for cancelled tasks to end, in milliseconds. Default 5000; 0 does not wait. */
  readonly shutdownGraceMs?: number;
}

/** Options after {@link resolveWorkerOptions}: complete, checked and frozen. */
export type ResolvedWorkerOptions = Readonly<Required<WorkerOptions>>;

export const WORKER_DEFAULTS: ResolvedWorkerOptions = Object.freeze({
  concurrencyMax: 4,
  queueMax: 1024,
  nestingMax: 8,
  shutdownGraceMs: 5000,
});

/** Fills in defaults and checks every field. Throws `RangeError` with the field, its value and its range. */
export function resolveWorkerOptions(given: WorkerOptions = {}): ResolvedWorkerOptions {
  return Object.freeze({
    concurrencyMax: wholeAtLeast(1, 'concurrencyMax', given.concurrencyMax ?? WORKER_DEFAULTS.concurrencyMax),
    queueMax: wholeAtLeast(0, 'queueMax', given.queueMax ?? WORKER_DEFAULTS.queueMax),
    nestingMax: wholeAtLeast(0, 'nestingMax', given.nestingMax ?? WORKER_DEFAULTS.nestingMax),
    shutdownGraceMs: durationMs('shutdownGraceMs', given.shutdownGraceMs ?? WORKER_DEFAULTS.shutdownGraceMs),
  });
}

/** What one submission may say. */
export interface SubmitOptions {
  /** Milliseconds from submission until the caller stops waiting. Absent, 0 or negative: no deadline. */
  readonly deadlineMs?: number;
  /** For people reading errors. Default `task`. */
  readonly name?: string;
  /** Cancels the task when it aborts. */
  readonly signal?: AbortSignal;
  /** Whether the deadline also aborts the signal the task was given. Default true. */
  readonly cancelOnTimeout?: boolean;
}

export interface ResolvedSubmitOptions {
  /** `Infinity` when there is none. */
  readonly deadlineMs: number;
  readonly name: string;
  readonly signal: AbortSignal | undefined;
  readonly cancelOnTimeout: boolean;
}

/** The longest delay that JavaScript timers hold: beyond it they fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * Throws `RangeError` for a deadline that is no number or longer than timers can hold, `TypeError` for a signal that cannot be
 * listened to: before the submission is counted, which could otherwise never be settled.
 */
export function resolveSubmitOptions(given: SubmitOptions): ResolvedSubmitOptions {
  const deadlineMs = given.deadlineMs ?? 0;
  if (typeof deadlineMs !== 'number' || !(deadlineMs <= TIMER_MS_MAX)) {
    throw new RangeError(`deadlineMs must be at most ${TIMER_MS_MAX}, got ${deadlineMs}`);
  }
  if (given.signal !== undefined && typeof given.signal?.addEventListener !== 'function') {
    throw new TypeError('signal must be an AbortSignal');
  }
  return {
    deadlineMs: deadlineMs > 0 ? deadlineMs : Number.POSITIVE_INFINITY,
    name: given.name ?? 'task',
    signal: given.signal,
    cancelOnTimeout: given.cancelOnTimeout ?? true,
  };
}

function wholeAtLeast(min: number, name: string, value: number): number {
  if (!(Number.isSafeInteger(value) && value >= min)) {
    throw new RangeError(`${name} must be a whole number of at least ${min}, got ${value}`);
  }
  return value;
}

function durationMs(name: string, value: number): number {
  if (!(value >= 0 && value <= TIMER_MS_MAX)) {
    throw new RangeError(`${name} must be between 0 and ${TIMER_MS_MAX}, got ${value}`);
  }
  return value;
}
