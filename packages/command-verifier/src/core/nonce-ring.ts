import { invariant, type MonoMs } from '@esper/std';
import { readUint32 } from './envelope.js';

const NONCE_BYTES = 16;
const WORDS = NONCE_BYTES / 4;
const NONE = -1;

/** How many live entries one key has. */
interface KeyShare {
  readonly keyId: string;
  count: number;
}

/** What is remembered with a nonce. */
export interface NonceEntry {
  /** 16 bytes; copied. */
  readonly nonce: Uint8Array;
  readonly keyId: string;
  readonly issuedAtMs: number;
  readonly claimedAt: MonoMs;
}

/**
 * An exact set of 16-byte nonces of fixed capacity, in the order they were claimed. All memory is allocated at the start;
 * `has`, `add` and `dropOldest` take constant time and never allocate tables. Entries are dropped from the oldest end
 * alone, and only when the caller says so: nothing is evicted to make room.
 */
export class NonceRing {
  readonly capacity: number;
  readonly #seed: number;
  readonly #mask: number;
  readonly #words: Uint32Array;
  /** The nonce that is looked for or added, as four words: nothing is allocated per claim. */
  readonly #probe = new Uint32Array(WORDS);
  readonly #heads: Int32Array;
  readonly #nextInChain: Int32Array;
  readonly #issuedAtMs: Float64Array;
  readonly #claimedAt: Float64Array;
  readonly #shares: (KeyShare | undefined)[];
  readonly #byKey = new Map<string, KeyShare>();
  #oldest = 0;
  #size = 0;

  /** `hashSeed`: an unsigned 32-bit number that even the holder of a key cannot guess, so that no chain can be grown on purpose. */
  constructor(capacity: number, hashSeed: number) {
    invariant(Number.isSafeInteger(capacity) && capacity > 0, 'the options have checked the capacity');
    this.capacity = capacity;
    this.#seed = hashSeed | 0;
    const headCount = 2 ** Math.ceil(Math.log2(capacity));
    this.#mask = headCount - 1;
    this.#words = new Uint32Array(WORDS * capacity);
    this.#heads = new Int32Array(headCount).fill(NONE);
    this.#nextInChain = new Int32Array(capacity).fill(NONE);
    this.#issuedAtMs = new Float64Array(capacity);
    this.#claimedAt = new Float64Array(capacity);
    this.#shares = new Array<KeyShare | undefined>(capacity).fill(undefined);
  }

  get size(): number {
    return this.#size;
  }

  /** Entries of one key. */
  countOf(keyId: string): number {
    return this.#byKey.get(keyId)?.count ?? 0;
  }

  has(nonce: Uint8Array): boolean {
    this.#read(nonce);
    let slot = this.#heads[this.#bucketOf(this.#probe, 0)] ?? NONE;
    while (slot !== NONE && !this.#holdsProbe(slot)) slot = this.#nextInChain[slot] ?? NONE;
    return slot !== NONE;
  }

  /** Remembers a nonce that is not in the set, while there is room. */
  add(entry: NonceEntry): void {
    invariant(this.#size < this.capacity, 'the caller refuses when the ring is full');
    this.#read(entry.nonce);
    const slot = (this.#oldest + this.#size) % this.capacity;
    for (let index = 0; index < WORDS; index++) this.#words[WORDS * slot + index] = this.#probe[index] ?? 0;
    this.#append(slot);
    this.#issuedAtMs[slot] = entry.issuedAtMs;
    this.#claimedAt[slot] = entry.claimedAt;
    this.#shares[slot] = this.#take(entry.keyId);
    this.#size += 1;
  }

  /** True when there is an oldest entry and it was claimed more than `ageMsMax` before `at`. */
  isOldestOver(at: MonoMs, ageMsMax: number): boolean {
    return this.#size > 0 && at - (this.#claimedAt[this.#oldest] ?? 0) > ageMsMax;
  }

  /** Drops the oldest entry, which there is; when its command was issued. */
  dropOldest(): number {
    const slot = this.#oldest;
    this.#unlinkOldest(slot);
    this.#giveBack(slot);
    this.#oldest = (slot + 1) % this.capacity;
    this.#size -= 1;
    return this.#issuedAtMs[slot] ?? 0;
  }

  /** Puts a slot at the end of its bucket's chain, so that the oldest entry of all is the first of its chain. */
  #append(slot: number): void {
    const bucket = this.#bucketOf(this.#probe, 0);
    this.#nextInChain[slot] = NONE;
    let last = this.#heads[bucket] ?? NONE;
    if (last === NONE) {
      this.#heads[bucket] = slot;
      return;
    }
    for (let next = last; next !== NONE; next = this.#nextInChain[next] ?? NONE) last = next;
    this.#nextInChain[last] = slot;
  }

  #unlinkOldest(slot: number): void {
    const bucket = this.#bucketOf(this.#words, WORDS * slot);
    invariant(this.#heads[bucket] === slot, 'the oldest entry is the first of its chain');
    this.#heads[bucket] = this.#nextInChain[slot] ?? NONE;
  }

  #take(keyId: string): KeyShare {
    const share = this.#byKey.get(keyId) ?? this.#newShare(keyId);
    share.count += 1;
    return share;
  }

  #newShare(keyId: string): KeyShare {
    const share = { keyId, count: 0 };
    this.#byKey.set(keyId, share);
    return share;
  }

  #giveBack(slot: number): void {
    const share = this.#shares[slot];
    invariant(share !== undefined, 'every entry counts for a key');
    this.#shares[slot] = undefined;
    share.count -= 1;
    if (share.count === 0) this.#byKey.delete(share.keyId);
  }

  #bucketOf(words: Uint32Array, at: number): number {
    let hash = this.#seed;
    for (let index = at; index < at + WORDS; index++) {
      hash = Math.imul(hash ^ (words[index] ?? 0), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash & this.#mask;
  }

  #holdsProbe(slot: number): boolean {
    const at = WORDS * slot;
    for (let index = 0; index < WORDS; index++) if (this.#words[at + index] !== this.#probe[index]) return false;
    return true;
  }

  #read(nonce: Uint8Array): void {
    invariant(nonce.length === NONCE_BYTES, 'a nonce has 16 bytes');
    for (let index = 0; index < WORDS; index++) this.#probe[index] = readUint32(nonce, 4 * index);
  }
}
