import type { TraceSpan } from '@esper/leyline';
import { elapsedMs, type MonoClock } from '@esper/std';
import type { DecisionDeadline } from './deadline.js';

/** The arrows of the pipeline, in order. Each is one span of a decision's trace. */
const ARROWS = ['validate', 'resolve', 'observe', 'infer', 'decode', 'guard', 'assess', 'seal', 'record'] as const;
export type Arrow = (typeof ARROWS)[number];

/** Runs the arrows of one decision: each under the decision's deadline, each measured. */
export class ArrowRunner {
  readonly deadline: DecisionDeadline;
  readonly #clock: MonoClock;
  readonly #spans: TraceSpan[] = [];
  #current: Arrow = 'validate';

  constructor(deadline: DecisionDeadline, clock: MonoClock) {
    this.deadline = deadline;
    this.#clock = clock;
  }

  /** The arrow under way, or the last one: where a failure happened. */
  get current(): Arrow {
    return this.#current;
  }

  /** What has been measured so far, in order; offsets from the start of the decision. */
  get spans(): readonly TraceSpan[] {
    return this.#spans;
  }

  async run<T>(arrow: Arrow, work: () => T | Promise<T>): Promise<T> {
    this.#current = arrow;
    this.deadline.check(arrow);
    const from = this.#clock.monoMs();
    try {
      return await work();
    } finally {
      const startMs = elapsedMs(this.deadline.startedAt, from);
      this.#spans.push({ name: arrow, startMs, durationMs: elapsedMs(from, this.#clock.monoMs()) });
    }
  }
}
