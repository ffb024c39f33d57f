import { err, ok, type Result } from '@esper/std';
import type { Timers } from '../decision/deadline.js';
import type { TamiyoErrorCode } from '../errors.js';
import { BoundedWait } from './bounded-wait.js';

export interface HealthLimits {
  /** Decisions that are looked at. */
  readonly decisions: number;
  /** How long they are waited for, in milliseconds; then those that came are judged. */
  readonly withinMs: number;
}

/** Failures that a policy or its runtime causes; what is wrong with packets, library or disk is not its fault. */
const OF_THE_POLICY: ReadonlySet<string> = new Set<TamiyoErrorCode>([
  'TIMEOUT_INFERENCE',
  'INFERENCE_UNAVAILABLE',
  'INFERENCE_FAILED',
  'OBSERVATION_REFUSED',
  'POLICY_REFUSED',
]);
/** More than one in five is unhealthy. */
const FAILED_SHARE_MAX = 0.2;

/** Looks at the first decisions of a policy that has just been swapped in. */
export class HealthWatch {
  readonly #limits: HealthLimits;
  readonly #wait: BoundedWait;
  readonly #failures: string[] = [];
  #decisions = 0;

  constructor(limits: HealthLimits, timers: Timers) {
    this.#limits = limits;
    this.#wait = new BoundedWait(limits.withinMs, timers);
    if (limits.decisions === 0) this.#wait.end();
  }

  /**
   * Takes the outcome of one decision: the code it failed with, or nothing. What failed for other reasons, an open breaker
   * among them, says nothing about the policy and is no evidence either way.
   */
  saw(failure: string | undefined): void {
    if (this.#decisions >= this.#limits.decisions) return;
    if (failure !== undefined && !OF_THE_POLICY.has(failure)) return;
    this.#decisions += 1;
    if (failure !== undefined) this.#failures.push(failure);
    if (this.#decisions >= this.#limits.decisions) this.#wait.end();
  }

  /** Waits for no more decisions: the host is closing. */
  end(): void {
    this.#wait.end();
  }

  /** The verdict over what came; a quiet host has nothing against a policy. */
  async verdict(): Promise<Result<true, string>> {
    await this.#wait.over;
    if (this.#failures.length <= FAILED_SHARE_MAX * this.#decisions) return ok(true);
    const kinds = [...new Set(this.#failures)].join(', ');
    return err(`${this.#failures.length} of the first ${this.#decisions} decisions failed: ${kinds}`);
  }
}
