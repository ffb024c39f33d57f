import type { VerifierCounts } from './metrics.js';
import type { RefusalReason } from './refusal.js';

/** Counts verdicts. Exact, whatever becomes of the events about them. */
export class VerdictTally {
  readonly #refused = new Map<RefusalReason, number>();
  #accepted = 0;
  #lastLatencyMs = 0;

  /** One verdict and how long it took, in milliseconds. */
  note(verdict: 'accepted' | RefusalReason, latencyMs: number): void {
    if (verdict === 'accepted') this.#accepted += 1;
    else this.#refused.set(verdict, (this.#refused.get(verdict) ?? 0) + 1);
    this.#lastLatencyMs = latencyMs;
  }

  /** What was counted so far; does not change afterwards. */
  counts(): VerifierCounts {
    return { accepted: this.#accepted, refused: new Map(this.#refused), lastLatencyMs: this.#lastLatencyMs };
  }
}
