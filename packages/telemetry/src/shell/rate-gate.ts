import type { MonoClock } from '@esper/std';
import { fullBucket, refill, type TokenBucket, takeToken, untilTokenMs } from '../core/token-bucket.js';

/** Whether a lane may send now: one packet, one summary of everything that had to wait, or nothing for a while. */
export type GateDecision =
  | { readonly kind: 'single' }
  | { readonly kind: 'summary' }
  | { readonly kind: 'wait'; readonly waitMs: number };

/**
 * The rate limit of a lane. While there are tokens each packet goes alone. Once they run out packets wait, and the next token
 * carries all that have waited, as one summary.
 */
export class RateGate {
  readonly #perMinuteMax: number;
  readonly #clock: MonoClock;
  #bucket: TokenBucket;
  #isStarved = false;
  #isOpen: boolean;

  /** 0 a minute means no limit. */
  constructor(perMinuteMax: number, clock: MonoClock) {
    this.#perMinuteMax = perMinuteMax;
    this.#clock = clock;
    this.#isOpen = perMinuteMax === 0;
    this.#bucket = fullBucket(perMinuteMax, clock.monoMs());
  }

  /** Takes a token unless the answer is to wait. */
  ask(waiting: number): GateDecision {
    if (this.#isOpen) return { kind: this.#isStarved && waiting > 1 ? 'summary' : 'single' };
    this.#bucket = refill(this.#bucket, this.#perMinuteMax, this.#clock.monoMs());
    const taken = takeToken(this.#bucket);
    if (taken === undefined) {
      this.#isStarved = true;
      return { kind: 'wait', waitMs: untilTokenMs(this.#bucket, this.#perMinuteMax) };
    }
    this.#bucket = taken;
    const isSummary = this.#isStarved && waiting > 1;
    this.#isStarved = false;
    return { kind: isSummary ? 'summary' : 'single' };
  }

  /** What was sent did not arrive: its token is there for the next attempt. */
  giveBack(): void {
    const tokens = Math.min(this.#perMinuteMax, this.#bucket.tokens + 1);
    this.#bucket = { ...this.#bucket, tokens };
  }

  /** Holds nothing back any more; more than one packet waiting go as summaries. */
  open(): void {
    this.#isOpen = true;
    this.#isStarved = this.#perMinuteMax > 0;
  }
}
