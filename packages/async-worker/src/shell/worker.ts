import { addMs, elapsedMs, invariant, type MonoMs } from '@esper/std';
import { admit } from '../core/admission.js';
import { assertAccounted, counted, NO_COUNTS, type WorkerCounters, type WorkerStats } from '../core/counters.js';
import type { TaskOutcome } from '../core/outcome.js';
import { WorkerError, type WorkerErrorCode } from '../errors.js';
import {
  type ResolvedWorkerOptions,
  resolveSubmitOptions,
  resolveWorkerOptions,
  type SubmitOptions,
  type WorkerOptions,
} from '../options.js';
import type { WorkerPorts } from '../ports.js';
import { alarm } from './alarm.js';
import { SlotBoard } from './slot-board.js';
import { type Task, TaskRecord } from './task.js';

/** One submission, as its caller sees it. */
export interface TaskHandle<T> {
  readonly name: string;
  /** Resolves exactly once and never rejects, also across shutdown. */
  readonly outcome: Promise<TaskOutcome<T>>;
  /** True once `outcome` has been decided. */
  done(): boolean;
  /** Cancels the task unless it is done. Returns whether this call did it. The task's signal aborts at once. */
  cancel(reason?: string): boolean;
}

/** What {@link AsyncWorker.shutdown} found. */
export interface ShutdownReport {
  /** Tasks that had no outcome yet and were cancelled. */
  readonly cancelled: number;
  /** Tasks that ignored their signal and were still executing when the grace ended. */
  readonly lingering: number;
  readonly elapsedMs: number;
}

/** Runs tasks under deadlines that include queueing. One instance can serve a whole process. */
export interface AsyncWorker {
  /** Never throws for load or shutdown: see `refused`. Throws for a deadline that is no number and a signal that is none. */
  submit<T>(task: Task<T>, options?: SubmitOptions): TaskHandle<T>;
  stats(): WorkerStats;
  /** Resolves when nothing is queued, running or lingering. */
  idle(): Promise<void>;
  /**
   * Refuses new tasks, cancels all it holds (every handle settles at once), and resolves when the code of the cancelled
   * tasks has ended, at the latest after `shutdownGraceMs`. Idempotent: every call gives the same report. Called from
   * inside a task it neither cancels nor waits for that task.
   */
  shutdown(): Promise<ShutdownReport>;
}

/** Creates a worker. Throws `RangeError` for a bad option. */
export function createWorker(given: WorkerOptions & WorkerPorts): AsyncWorker {
  return new Worker(resolveWorkerOptions(given), given);
}

type WorkResult =
  | { readonly kind: 'completed'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly error: unknown };
type Dropped = Extract<TaskOutcome<unknown>, { readonly kind: 'timed_out' | 'cancelled' }>;

class Worker implements AsyncWorker {
  readonly #limits: ResolvedWorkerOptions;
  readonly #ports: WorkerPorts;
  readonly #board: SlotBoard;
  #counters: WorkerCounters = NO_COUNTS;
  /** Called each time a task ends or leaves. Each says whether it has seen what it waited for. */
  #watchers: (() => boolean)[] = [];
  #closing: Promise<ShutdownReport> | undefined;

  constructor(limits: ResolvedWorkerOptions, ports: WorkerPorts) {
    this.#limits = limits;
    this.#ports = ports;
    this.#board = new SlotBoard(limits.concurrencyMax, (record) => this.#execute(record));
  }

  submit<T>(task: Task<T>, given: SubmitOptions = {}): TaskHandle<T> {
    const options = resolveSubmitOptions(given);
    const record = new TaskRecord(task, options, {
      owner: this,
      submittedAt: this.#ports.clock.monoMs(),
      parent: this.#currentTask(),
    });
    const admission = admit(
      {
        closed: this.#closing !== undefined,
        depth: record.depth,
        slotsTaken: this.#board.taken,
        queued: this.#board.queue.size,
        lenderCanLend: record.lender?.canLend ?? false,
      },
      this.#limits,
    );
    if (admission.kind === 'refuse') this.#refuse(record, admission.code);
    else this.#accept(record, admission.kind);
    return this.#handle(record) as TaskHandle<T>;
  }

  stats(): WorkerStats {
    let running = 0;
    for (const record of this.#board.executing) if (!record.settled) running += 1;
    const queued = this.#board.queue.size;
    const stats = { ...this.#counters, queued, running, lingering: this.#board.executing.size - running };
    assertAccounted(stats);
    return stats;
  }

  idle(): Promise<void> {
    return this.#until(() => this.#board.queue.size === 0 && this.#board.executing.size === 0);
  }

  shutdown(): Promise<ShutdownReport> {
    this.#closing ??= this.#shutDown(new Set(this.#currentTask()?.lineage()));
    return this.#closing;
  }

  async #shutDown(callers: ReadonlySet<TaskRecord>): Promise<ShutdownReport> {
    const startedAt = this.#ports.clock.monoMs();
    // `#closing` must be in place before any caller reacts, so that a submission from a reaction is refused.
    await Promise.resolve();
    const held = [...this.#board.queue, ...this.#board.executing].filter((task) => !task.settled && !callers.has(task));
    for (const task of held) this.#cancel(task, 'WORKER_CLOSED', { why: 'the worker is shutting down' });
    const lingering = (): number => [...this.#board.executing].filter((task) => !callers.has(task)).length;
    await this.#withinGrace(() => lingering() === 0);
    return { cancelled: held.length, lingering: lingering(), elapsedMs: this.#elapsedSince(startedAt) };
  }

  async #withinGrace(holds: () => boolean): Promise<void> {
    let graceOver = this.#limits.shutdownGraceMs === 0;
    const disarm = this.#ports.timers.after(this.#limits.shutdownGraceMs, () => {
      graceOver = true;
      this.#notice();
    });
    await this.#until(() => graceOver || holds());
    disarm();
  }

  /** Resolves as soon as `holds` does; looked at each time a task ends. */
  #until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#watchers.push(() => {
        if (!holds()) return false;
        resolve();
        return true;
      });
    });
  }

  #notice(): void {
    if (this.#watchers.length > 0) this.#watchers = this.#watchers.filter((seen) => !seen());
  }

  #accept(record: TaskRecord, how: 'borrow' | 'take-slot' | 'queue'): void {
    this.#count('submitted');
    this.#board.queue.add(record);
    this.#arm(record);
    // A signal that was aborted already has cancelled it by now.
    if (record.settled || how === 'queue') return;
    if (how === 'borrow') this.#board.startBorrowed(record);
    else this.#board.startOnFreeSlot(record);
  }

  #arm(record: TaskRecord): void {
    const { deadlineMs, signal } = record.options;
    const onAbort = (): void => {
      this.#cancel(record, 'WORKER_CANCELLED', { why: 'its signal was aborted', cause: signal?.reason });
    };
    const disarmDeadline = Number.isFinite(deadlineMs)
      ? alarm(this.#ports, addMs(record.submittedAt, deadlineMs), () => this.#timeOut(record))
      : () => undefined;
    record.disarm = () => {
      disarmDeadline();
      signal?.removeEventListener('abort', onAbort);
    };
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  }

  #execute(record: TaskRecord): void {
    this.#ports.scope
      .run(record, () => startWork(record))
      .then(
        (value) => this.#end(record, { kind: 'completed', value }),
        (error: unknown) => this.#end(record, { kind: 'failed', error }),
      );
  }

  #end(record: TaskRecord, result: WorkResult): void {
    const elapsed = this.#elapsedSince(record.submittedAt);
    // A result after the deadline is no result, also when a blocked event loop kept the timer from saying so.
    if (elapsed > record.options.deadlineMs) this.#timeOut(record);
    if (record.settled) this.#count('lateDropped');
    else this.#settle(record, { ...result, elapsedMs: elapsed }, result.kind);
    this.#board.end(record);
    this.#notice();
  }

  #timeOut(record: TaskRecord): void {
    if (record.settled) return;
    const { deadlineMs, name, cancelOnTimeout } = record.options;
    const phase = record.stage === 'queued' ? 'queued' : 'running';
    const error = new WorkerError('WORKER_DEADLINE', `${name} had no result after ${deadlineMs} ms (${phase})`);
    const elapsed = this.#elapsedSince(record.submittedAt);
    this.#drop(record, { kind: 'timed_out', error, phase, elapsedMs: elapsed });
    if (cancelOnTimeout) record.controller.abort(error);
  }

  #cancel(record: TaskRecord, code: WorkerErrorCode, because: { why: string; cause?: unknown }): boolean {
    if (record.settled) return false;
    const error = new WorkerError(code, `${record.options.name} was cancelled: ${because.why}`, because);
    this.#drop(record, { kind: 'cancelled', error, elapsedMs: this.#elapsedSince(record.submittedAt) });
    record.controller.abort(error);
    return true;
  }

  /** Answers the caller now. A queued task leaves; an executing one keeps its slot until its code ends. */
  #drop(record: TaskRecord, outcome: Dropped): void {
    if (this.#board.queue.delete(record)) record.end();
    this.#settle(record, outcome, outcome.kind === 'timed_out' ? 'timedOut' : 'cancelled');
    this.#notice();
  }

  #settle(record: TaskRecord, outcome: TaskOutcome<unknown>, as: keyof WorkerCounters): void {
    invariant(!record.settled, 'a task is settled once');
    this.#count(as);
    record.settle(outcome);
  }

  #refuse(record: TaskRecord, code: WorkerErrorCode): void {
    this.#count('refused');
    record.end();
    const { concurrencyMax, queueMax, nestingMax } = this.#limits;
    const bounds = `concurrencyMax ${concurrencyMax}, queueMax ${queueMax}, nestingMax ${nestingMax}`;
    record.settle({ kind: 'refused', error: new WorkerError(code, `${record.options.name} was refused (${bounds})`) });
  }

  #handle(record: TaskRecord): TaskHandle<unknown> {
    return {
      name: record.options.name,
      outcome: record.outcome,
      done: () => record.settled,
      cancel: (why = 'asked by the caller') => this.#cancel(record, 'WORKER_CANCELLED', { why }),
    };
  }

  #currentTask(): TaskRecord | undefined {
    const store = this.#ports.scope.getStore();
    return store instanceof TaskRecord ? store : undefined;
  }

  #count(what: keyof WorkerCounters): void {
    this.#counters = counted(this.#counters, what);
  }

  #elapsedSince(at: MonoMs): number {
    return elapsedMs(at, this.#ports.clock.monoMs());
  }
}

/** Calls the task now; a synchronous throw becomes a rejection. */
function startWork(record: TaskRecord): Promise<unknown> {
  return new Promise((resolve) => {
    resolve(record.work(record.controller.signal));
  });
}
