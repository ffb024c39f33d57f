import type { MonoClock } from '@esper/std';
import {
  afterPublish,
  allowedNow,
  CLOSED_BREAKER,
  type PublishBreaker,
  type PublishBreakerLimits,
} from '../core/publish-breaker.js';

/** Gives a bus a rest that is slow again and again, and says so each time. */
export class PublishPacing {
  readonly #clock: MonoClock;
  readonly #limits: PublishBreakerLimits;
  readonly #onRest: () => void;
  #breaker: PublishBreaker = CLOSED_BREAKER;
  #quick = false;

  constructor(clock: MonoClock, limits: PublishBreakerLimits, onRest: () => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#onRest = onRest;
  }

  get rests(): boolean {
    return this.#breaker.pausedUntil !== undefined;
  }

  /** Whether the bus was quick the last time; false before it was ever asked. */
  get quick(): boolean {
    return this.#quick;
  }

  /** How many of `wanted` publishes may be made now. */
  allowed(wanted: number): number {
    return allowedNow(this.#breaker, this.#clock.monoMs(), wanted);
  }

  /** Runs one publish and learns from how long it took. */
  async timed(publish: () => Promise<boolean>): Promise<boolean> {
    const begun = this.#clock.monoMs();
    const tried = this.rests;
    const taken = await publish();
    // Of several that were under way together, the first that was slow once too often speaks for all.
    const told = this.rests && !tried;
    this.#breaker = afterPublish(this.#breaker, { begun, ended: this.#clock.monoMs() }, this.#limits);
    this.#quick = this.#breaker === CLOSED_BREAKER;
    if (this.rests && !told) this.#onRest();
    return taken;
  }
}
