import type { MonoMs } from '@esper/std';
import { NonceRing } from './nonce-ring.js';
import type { RefusalReason } from './refusal.js';
import { RunPositions, type SequenceRule } from './run-positions.js';
import type { DatedPosition, RunBound } from './watermark.js';

/** Expired entries dropped per claim at most, unless a bound is reached. */
const DROPS_PER_CLAIM = 4;

/** All bounds of a replay memory. */
export interface ReplayLimits {
  /** Live nonces. */
  readonly capacity: number;
  /** Live nonces of one key. */
  readonly perKeyMax: number;
  /** Runs with a known position. */
  readonly runsMax: number;
  /** How long a nonce is kept, by the monotonic clock: at least freshness window plus skew. */
  readonly retentionMs: number;
  readonly sequence: SequenceRule;
  /** See {@link NonceRing}. */
  readonly hashSeed: number;
}

/** What is known from before the start. */
export interface ReplayOrigin {
  /** Commands issued before this may have been accepted then. */
  readonly issuedBeforeMs: number;
  readonly runs: Iterable<readonly [trainingRunId: string, bound: RunBound]>;
}

/** A command on its way to being accepted. Everything in it is signed. */
export interface ReplayClaim extends DatedPosition {
  /** 16 bytes. */
  readonly nonce: Uint8Array;
  readonly keyId: string;
}

/** Counts for metrics. */
export interface ReplaySnapshot {
  readonly size: number;
  readonly capacity: number;
  readonly retentionMs: number;
  readonly runs: number;
  /** Nonces dropped because their time was over, ever. A live one is never dropped. */
  readonly expiredTotal: number;
  /** Commands issued before this are accepted only when their sequence number proves them new. */
  readonly floorMs: number;
}

/**
 * Says `fresh` exactly once per command. Nonces are kept for `retentionMs` of *monotonic* time, so no step of the wall
 * clock shortens it. What was issued before the floor (the newest nonce forgotten, or the watermark from before the
 * start) is accepted only when its sequence number is above everything known of its run.
 */
export class ReplayMemory {
  readonly #limits: ReplayLimits;
  readonly #nonces: NonceRing;
  readonly #positions: RunPositions;
  #floorMs: number;
  #expiredTotal = 0;

  constructor(limits: ReplayLimits, origin: ReplayOrigin) {
    this.#limits = limits;
    this.#nonces = new NonceRing(limits.capacity, limits.hashSeed);
    this.#positions = new RunPositions(limits.runsMax, origin.runs);
    this.#floorMs = origin.issuedBeforeMs;
  }

  /** Claims a command whose signature and freshness hold; `fresh`, or why not. Changes nothing unless `fresh`. */
  claim(claim: ReplayClaim, at: MonoMs): 'fresh' | RefusalReason {
    this.#dropExpired(at, DROPS_PER_CLAIM);
    const judged = this.#judge(claim);
    if (judged !== 'follows') return judged;
    const room = this.#roomFor(claim, at);
    if (room !== 'room') return room;
    this.#nonces.add({ nonce: claim.nonce, keyId: claim.keyId, issuedAtMs: claim.issuedAtMs, claimedAt: at });
    this.#positions.advance(claim, at);
    return 'fresh';
  }

  /** Drops every entry whose time is over; how many. Optional: claims do the same, a few at a time. */
  maintain(at: MonoMs): number {
    return this.#dropExpired(at, this.#limits.capacity);
  }

  snapshot(): ReplaySnapshot {
    return {
      size: this.#nonces.size,
      capacity: this.#nonces.capacity,
      retentionMs: this.#limits.retentionMs,
      runs: this.#positions.size,
      expiredTotal: this.#expiredTotal,
      floorMs: this.#floorMs,
    };
  }

  #judge(claim: ReplayClaim): 'follows' | RefusalReason {
    if (this.#nonces.has(claim.nonce)) return 'nonce_replayed';
    const judged = this.#positions.judge(claim, this.#limits.sequence);
    if (judged !== 'follows') return judged;
    if (claim.issuedAtMs >= this.#floorMs) return 'follows';
    const isNew = this.#limits.sequence === 'rising' && this.#positions.provesNew(claim);
    return isNew ? 'follows' : 'issued_before_watermark';
  }

  #roomFor(claim: ReplayClaim, at: MonoMs): 'room' | RefusalReason {
    // Every claim drops expired entries first: a ring that is full now is full of live ones.
    if (this.#nonces.size >= this.#limits.capacity) return 'replay_memory_full';
    if (this.#isQuotaFull(claim.keyId, at)) return 'key_quota_full';
    const isRoom = this.#positions.makeRoom(claim.trainingRunId, at, this.#limits.retentionMs);
    return isRoom ? 'room' : 'replay_memory_full';
  }

  #isQuotaFull(keyId: string, at: MonoMs): boolean {
    if (this.#nonces.countOf(keyId) < this.#limits.perKeyMax) return false;
    this.maintain(at);
    return this.#nonces.countOf(keyId) >= this.#limits.perKeyMax;
  }

  #dropExpired(at: MonoMs, countMax: number): number {
    let dropped = 0;
    while (dropped < countMax && this.#nonces.isOldestOver(at, this.#limits.retentionMs)) {
      this.#floorMs = Math.max(this.#floorMs, this.#nonces.dropOldest() + 1);
      dropped += 1;
    }
    this.#expiredTotal += dropped;
    return dropped;
  }
}
