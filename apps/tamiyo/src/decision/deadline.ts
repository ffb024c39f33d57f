import { elapsedMs, type MonoClock, type MonoMs } from '@esper/std';
import { DecisionError } from '../errors.js';

/** One-shot timers, as far as the host needs them. */
export interface Timers {
  /** Calls `fire` after `delayMs`; the returned function cancels it. */
  after(delayMs: number, fire: () => void): () => void;
}

/** The deadline of one whole decision. It starts when the packet arrives, so that waiting in a queue counts. */
export class DecisionDeadline {
  readonly startedAt: MonoMs;
  readonly #deadlineMs: number;
  readonly #clock: MonoClock;
  readonly #timers: Timers;
  readonly #signal: AbortSignal | undefined;

  /** `signal` is the caller's: aborted, it ends the decision at the next {@link check}, as long as nothing is sealed. */
  constructor(
    deadlineMs: number,
    parts: { readonly clock: MonoClock; readonly timers: Timers; readonly signal?: AbortSignal | undefined },
  ) {
    this.#deadlineMs = deadlineMs;
    this.#clock = parts.clock;
    this.#timers = parts.timers;
    this.#signal = parts.signal;
    this.startedAt = parts.clock.monoMs();
  }

  elapsedMs(): number {
    return elapsedMs(this.startedAt, this.#clock.monoMs());
  }

  leftMs(): number {
    return this.#deadlineMs - this.elapsedMs();
  }

  /** Whether more than half of the time has gone. */
  isMostlySpent(): boolean {
    return this.leftMs() < this.#deadlineMs / 2;
  }

  /** Throws `DEADLINE_DECISION` once the time is over, `DECISION_CANCELLED` once the caller has gone. */
  check(arrow: string): void {
    if (this.leftMs() <= 0) throw this.expired(arrow);
    // A sealed command has used its number: it is recorded and remembered, for a caller that comes back.
    if (this.#signal?.aborted === true && arrow !== 'record') {
      throw new DecisionError('DECISION_CANCELLED', `the caller went away before "${arrow}"`, {
        reason: 'decision_cancelled',
        attributes: { arrow },
      });
    }
  }

  /**
   * What `work` settles to, or a rejection with `DEADLINE_DECISION` when the time is over first. `work` itself goes on:
   * whoever started it must look at what it settles to (see `onLate`).
   */
  within<T>(arrow: string, work: Promise<T>, onLate: (outcome: Promise<T>) => void = () => undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const cancel = this.#timers.after(Math.max(0, this.leftMs()), () => {
        onLate(work);
        reject(this.expired(arrow));
      });
      work.then(resolve, reject).finally(cancel);
    });
  }

  /** What a decision fails with whose time ends at `arrow`. */
  expired(arrow: string): DecisionError {
    const elapsed = this.elapsedMs().toFixed(1);
    return new DecisionError(
      'DEADLINE_DECISION',
      `the decision passed its ${this.#deadlineMs} ms at "${arrow}" (${elapsed} ms)`,
      {
        kind: 'deadline_decision',
        reason: 'deadline_decision',
        attributes: { arrow, budget_ms: this.#deadlineMs.toFixed(1), elapsed_ms: elapsed },
      },
    );
  }
}
