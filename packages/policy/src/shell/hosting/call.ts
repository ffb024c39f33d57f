import { elapsedMs, err, type MonoClock, type MonoMs, type Result } from '@esper/std';
import type { TensorMap } from '../../core/network/feeds.js';
import type { InferenceFailure, InferenceReply } from '../../ports.js';

export type CallResult = Result<InferenceReply, InferenceFailure>;

const nothing = (): void => undefined;

/** One `infer` under way. It settles once; whatever comes later finds it settled and is dropped. */
export class Call {
  readonly inputs: TensorMap;
  readonly deadlineMs: number;
  readonly result: Promise<CallResult>;
  disarm: () => void = nothing;
  #settled = false;
  #excusedMs = 0;
  readonly #clock: MonoClock;
  readonly #submittedAt: MonoMs;
  #resolve: (result: CallResult) => void = nothing;

  constructor(inputs: TensorMap, deadlineMs: number, clock: MonoClock) {
    this.inputs = inputs;
    this.deadlineMs = deadlineMs;
    this.#clock = clock;
    this.#submittedAt = clock.monoMs();
    this.result = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get settled(): boolean {
    return this.#settled;
  }

  get elapsedMs(): number {
    return elapsedMs(this.#submittedAt, this.#clock.monoMs());
  }

  /** Until the deadline; 0 or less once it has passed. */
  get leftMs(): number {
    return this.deadlineMs + this.#excusedMs - this.elapsedMs;
  }

  /** Time in which the caller's own event loop was held, and that no runtime is to blame for, up to `maxMs` in all. */
  excuse(ms: number, maxMs: number): void {
    this.#excusedMs = Math.min(maxMs, this.#excusedMs + Math.min(ms, this.elapsedMs));
  }

  settle(result: CallResult): void {
    if (this.#settled) return;
    this.#settled = true;
    this.disarm();
    this.#resolve(result);
  }

  fail(failure: InferenceFailure): void {
    this.settle(err(failure));
  }

  timeOut(): void {
    this.fail({ code: 'inference_timeout', deadlineMs: this.deadlineMs, elapsedMs: this.elapsedMs });
  }
}
