import type { RefusalReason } from '../core/refusal.js';

/** A command whose signature and freshness hold. */
export interface NaiveClaim {
  readonly id: string;
  readonly issuedAtMs: number;
  readonly atMs: number;
}

/** What a memory without sequence numbers must answer: a list, searched from the start each time. */
export class NaiveLedger {
  readonly #capacity: number;
  readonly #retentionMs: number;
  #live: NaiveClaim[] = [];
  #floorMs = Number.NEGATIVE_INFINITY;

  constructor(capacity: number, retentionMs: number) {
    this.#capacity = capacity;
    this.#retentionMs = retentionMs;
  }

  /** `fresh` once per id, or why not. */
  claim(claim: NaiveClaim): 'fresh' | RefusalReason {
    const isOver = (entry: NaiveClaim): boolean => entry.atMs < claim.atMs - this.#retentionMs;
    for (const entry of this.#live.filter(isOver)) this.#floorMs = Math.max(this.#floorMs, entry.issuedAtMs + 1);
    this.#live = this.#live.filter((entry) => !isOver(entry));
    if (this.#live.some((entry) => entry.id === claim.id)) return 'nonce_replayed';
    if (claim.issuedAtMs < this.#floorMs) return 'issued_before_watermark';
    if (this.#live.length >= this.#capacity) return 'replay_memory_full';
    this.#live.push(claim);
    return 'fresh';
  }
}
