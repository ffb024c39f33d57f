import type { WorkerError } from '../errors.js';

/** How one submission ended. Exactly one of these, always, and the promise that carries it never rejects. */
export type TaskOutcome<T> =
  | { readonly kind: 'completed'; readonly value: T; readonly elapsedMs: number }
  /** The task threw or rejected: `error` is what it gave, untouched, also when it is a timeout error of its own. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly elapsedMs: number }
  /** The deadline passed, while the task was `queued` or `running`. */
  | {
      readonly kind: 'timed_out';
      readonly error: WorkerError;
      readonly phase: 'queued' | 'running';
      readonly elapsedMs: number;
    }
  | { readonly kind: 'cancelled'; readonly error: WorkerError; readonly elapsedMs: number }
  /** Never accepted: the queue was full, nesting too deep, or the worker closed. Not among `submitted`. */
  | { readonly kind: 'refused'; readonly error: WorkerError };

/** The value of a completed task; throws the outcome's error otherwise. For callers that want exceptions. */
export function valueOrThrow<T>(outcome: TaskOutcome<T>): T {
  if (outcome.kind === 'completed') return outcome.value;
  throw outcome.error;
}
