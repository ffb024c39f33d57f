import { invariant, type MonoMs } from '@esper/std';

const NONCE_BYTES = 16;
const NONE = -1;

/** How many live entries one key has. */
interface KeyShare {
  readonly keyId: string;
  count: number;
}

/** One entry on its way out. */
export interface ExpiredNonce {
  readonly issuedAtMs: number;
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
    this.#words = new Uint32Array(4 * capacity);
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
    const words = readWords(nonce);
    for (let slot = this.#headOf(words); slot !== NONE; slot = this.#nextInChain[slot] ?? NONE)
      if (this.#holds(slot, words)) return true;
    return false;
  }

  /** Remembers a nonce that is not in the set, while there is room. */
  add(entry: NonceEntry): void {
    invariant(this.#size < this.capacity, 'the caller refuses when the ring is full');
    const words = readWords(entry.nonce);
    const slot = (this.#oldest + this.#size) % this.capacity;
    this.#words.set(words, 4 * slot);
    const bucket = this.#bucketOf(words);
    this.#nextInChain[slot] = this.#heads[bucket] ?? NONE;
    this.#heads[bucket] = slot;
    this.#issuedAtMs[slot] = entry.issuedAtMs;
    this.#claimedAt[slot] = entry.claimedAt;
    this.#shares[slot] = this.#take(entry.keyId);
    this.#size += 1;
  }

  /** Drops the oldest entry when it is older than `ageMsMax` at `at`; `undefined` when there is none. */
  dropOldest(at: MonoMs, ageMsMax: number): ExpiredNonce | undefined {
    const slot = this.#oldest;
    if (this.#size === 0 || at - (this.#claimedAt[slot] ?? 0) <= ageMsMax) return undefined;
    this.#unlink(slot);
    this.#giveBack(slot);
    this.#oldest = (slot + 1) % this.capacity;
    this.#size -= 1;
    return { issuedAtMs: this.#issuedAtMs[slot] ?? 0 };
  }

  #unlink(slot: number): void {
    const words = this.#words.subarray(4 * slot, 4 * slot + 4);
    const bucket = this.#bucketOf(words);
    const next = this.#nextInChain[slot] ?? NONE;
    if (this.#heads[bucket] === slot) {
      this.#heads[bucket] = next;
      return;
    }
    let before = this.#heads[bucket] ?? NONE;
    while (before !== NONE && this.#nextInChain[before] !== slot) before = this.#nextInChain[before] ?? NONE;
    invariant(before !== NONE, 'every entry of the ring is in the chain of its bucket');
    this.#nextInChain[before] = next;
  }

  #take(keyId: string): KeyShare {
    const share = this.#byKey.get(keyId) ?? { keyId, count: 0 };
    share.count += 1;
    if (share.count === 1) this.#byKey.set(keyId, share);
    return share;
  }

  #giveBack(slot: number): void {
    const share = this.#shares[slot];
    invariant(share !== undefined, 'every entry counts for a key');
    this.#shares[slot] = undefined;
    share.count -= 1;
    if (share.count === 0) this.#byKey.delete(share.keyId);
  }

  #headOf(words: ArrayLike<number>): number {
    return this.#heads[this.#bucketOf(words)] ?? NONE;
  }

  #bucketOf(words: ArrayLike<number>): number {
    let hash = this.#seed;
    for (let index = 0; index < 4; index++) {
      hash = Math.imul(hash ^ (words[index] ?? 0), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash & this.#mask;
  }

  #holds(slot: number, words: ArrayLike<number>): boolean {
    const at = 4 * slot;
    for (let index = 0; index < 4; index++) if (this.#words[at + index] !== words[index]) return false;
    return true;
  }
}

function readWords(nonce: Uint8Array): readonly number[] {
  invariant(nonce.length === NONCE_BYTES, 'a nonce has 16 bytes');
  const words = [0, 0, 0, 0];
  for (let index = 0; index < NONCE_BYTES; index++)
    words[index >> 2] = (((words[index >> 2] ?? 0) << 8) | (nonce[index] ?? 0)) >>> 0;
  return words;
}
