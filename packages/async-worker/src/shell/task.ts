import type { MonoMs } from '@esper/std';
import type { TaskOutcome } from '../core/outcome.js';
import type { ResolvedSubmitOptions } from '../options.js';
import type { Slot } from './slot-board.js';

/** Work to run. It should stop soon after `signal` aborts; until it ends it holds its slot. */
export type Task<T> = (signal: AbortSignal) => T | PromiseLike<T>;

/** Where a submission came from. */
export interface TaskOrigin {
  /** The worker it was submitted to. */
  readonly owner: object;
  readonly submittedAt: MonoMs;
  /** The task whose code submitted it, of whichever worker. */
  readonly parent: TaskRecord | undefined;
}

/** One submission. Mutable, and known to the worker alone. */
export class TaskRecord {
  readonly work: Task<unknown>;
  readonly options: ResolvedSubmitOptions;
  readonly owner: object;
  readonly submittedAt: MonoMs;
  readonly controller = new AbortController();
  readonly outcome: Promise<TaskOutcome<unknown>>;
  /** `ended` means that its code has stopped, or never will start; it says nothing about whether a caller waits. */
  stage: 'queued' | 'executing' | 'ended' = 'queued';
  /** True once the caller has its answer. */
  settled = false;
  slot: Slot | undefined;
  /** True while another task executes on this one's slot. */
  lent = false;
  /** True when this task executes on its lender's slot. */
  borrowed = false;
  /** The nearest executing task around this one that belongs to the same worker. */
  lender: TaskRecord | undefined;
  /** Executing tasks around this one when it was submitted. */
  readonly depth: number;
  /** Calls off the deadline and stops listening to the caller's signal. */
  disarm: () => void = () => undefined;
  #parent: TaskRecord | undefined;
  readonly #resolve: (outcome: TaskOutcome<unknown>) => void;

  constructor(work: Task<unknown>, options: ResolvedSubmitOptions, origin: TaskOrigin) {
    this.work = work;
    this.options = options;
    this.owner = origin.owner;
    this.submittedAt = origin.submittedAt;
    this.#parent = origin.parent;
    let resolve: (outcome: TaskOutcome<unknown>) => void = () => undefined;
    this.outcome = new Promise((given) => {
      resolve = given;
    });
    this.#resolve = resolve;
    const around = origin.parent?.lineage() ?? [];
    this.depth = around.length;
    this.lender = around.find((task) => task.owner === origin.owner);
  }

  get canLend(): boolean {
    return this.stage === 'executing' && !this.lent;
  }

  settle(outcome: TaskOutcome<unknown>): void {
    this.settled = true;
    this.disarm();
    this.#resolve(outcome);
  }

  /** Its code has stopped. Lets go of the tasks around it: a chain of follow-up tasks must not grow for ever. */
  end(): void {
    this.stage = 'ended';
    this.#parent = undefined;
    this.lender = undefined;
  }

  /** This task and the tasks around it that still execute, innermost first. */
  lineage(): readonly TaskRecord[] {
    const around = this.#parent?.lineage() ?? [];
    return this.stage === 'executing' ? [this, ...around] : around;
  }
}
