import type { MonoClock } from '@esper/std';

/** Wakes the worker when a deadline passes. */
export interface Timers {
  /** Calls `fire` once, no earlier than the runtime's timers can tell, and returns how to call it off. */
  after(delayMs: number, fire: () => void): () => void;
}

/**
 * Knows inside which task the calling code runs, across `await`. Without it a task that submits to its own worker and
 * waits could wait for ever (D-31g). Node's `AsyncLocalStorage` has exactly this shape.
 */
export interface TaskScope {
  run<R>(store: object, body: () => R): R;
  getStore(): object | undefined;
}

/** What a worker needs from its surroundings. `@esper/async-worker/node` has the real ones. */
export interface WorkerPorts {
  readonly clock: MonoClock;
  readonly timers: Timers;
  readonly scope: TaskScope;
}
