import type { MonoClock } from '@esper/std';

/** A rate and how much may come at once. */
export interface BucketLimits {
  readonly perSecondMax: number;
  readonly burstMax: number;
}

/** Lets `perSecondMax` requests through a second on average, and `burstMax` at once. */
export class TokenBucket {
  readonly #limits: BucketLimits;
  readonly #clock: MonoClock;
  #tokens: number;
  #at: number;

  constructor(limits: BucketLimits, clock: MonoClock) {
    this.#limits = limits;
    this.#clock = clock;
    this.#tokens = limits.burstMax;
    this.#at = clock.monoMs();
  }

  /** 0 when the request may pass, else how many milliseconds until one may. */
  take(): number {
    const now = this.#clock.monoMs();
    const { perSecondMax, burstMax } = this.#limits;
    this.#tokens = Math.min(burstMax, this.#tokens + ((now - this.#at) * perSecondMax) / 1000);
    this.#at = now;
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) * 1000) / perSecondMax);
    this.#tokens -= 1;
    return 0;
  }
}
