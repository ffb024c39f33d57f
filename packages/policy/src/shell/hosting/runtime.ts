import type { TensorMap } from '../../core/network/feeds.js';

/** What a loaded model says about itself. */
export interface RuntimeInfo {
  /** For example `onnxruntime-node 1.30.0`. */
  readonly runtime: string;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Reading, hashing and loading the model, in milliseconds. */
  readonly loadMs: number;
  /** All warm-up runs together, in milliseconds. */
  readonly warmUpMs: number;
}

/** How loading ended. `refused` is final for this model; `died` may be bad luck. */
export type StartOutcome =
  | { readonly kind: 'ready'; readonly info: RuntimeInfo }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'died'; readonly reason: string };

export type RunOutcome =
  | {
      readonly kind: 'outputs';
      readonly outputs: TensorMap;
      readonly runMs: number;
      /** How long the answer was ready before this side read it, in milliseconds: transfer, and an event loop that was held. */
      readonly unreadMs: number;
    }
  | { readonly kind: 'failed'; readonly reason: string };

/** One loaded model in a process or thread of its own. One run at a time. */
export interface Runtime {
  readonly started: Promise<StartOutcome>;
  /** Never settles when the run never ends. */
  run(inputs: TensorMap): Promise<RunOutcome>;
  /** Resolves with how it ended, once it is gone, whoever ended it. */
  readonly ended: Promise<string>;
  /** Ends it: a process at once, a thread after the run under way. Idempotent. */
  stop(): void;
}

/** How a host makes its runtimes, and what may be done to one that is overdue. */
export interface RuntimeMaker {
  /** `kill`: stop ends a run under way. `abandon`: it cannot be ended; it comes back when its run does. */
  readonly overdue: 'kill' | 'abandon';
  start(): Runtime;
}

/** Wakes the host when a deadline passes. */
export interface HostTimers {
  /** Calls `fire` once, never before `delayMs` have passed, and returns how to call it off. */
  after(delayMs: number, fire: () => void): () => void;
}
