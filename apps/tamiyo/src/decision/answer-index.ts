import { answerKey } from './answer-key.js';

/** What the index knows about a packet. */
export type AnswerPlace =
  | { readonly kind: 'unknown' }
  /** Answered within the time that answers are kept; the record stands at that place of the log. */
  | { readonly kind: 'answered'; readonly logSequence: number }
  /** Answered, and too long ago for the answer to be given again. */
  | { readonly kind: 'expired' };

export interface AnswerIndexOptions {
  /** How long an answer is given again, in milliseconds. */
  readonly keepMs: number;
  /** Most answered packets that are remembered; then the oldest is forgotten, and would be decided anew. */
  readonly countMax: number;
}

const UNKNOWN: AnswerPlace = Object.freeze({ kind: 'unknown' });
const EXPIRED: AnswerPlace = Object.freeze({ kind: 'expired' });
const EMPTY = -1;

/**
 * Where the answers of the last minutes stand in the log, by run and packet id. Memory is the same from the first to the last
 * decision: a ring of `countMax` places, found through a table of twice as many. Keys are 53-bit hashes; whoever reads the
 * record checks that it is the one that was asked for.
 */
export class AnswerIndex {
  readonly #options: AnswerIndexOptions;
  readonly #keys: Float64Array;
  readonly #places: Float64Array;
  readonly #answeredMs: Float64Array;
  readonly #table: Int32Array;
  readonly #mask: number;
  #next = 0;

  constructor(options: AnswerIndexOptions) {
    const { countMax } = options;
    this.#options = options;
    this.#keys = new Float64Array(countMax).fill(EMPTY);
    this.#places = new Float64Array(countMax);
    this.#answeredMs = new Float64Array(countMax);
    const slots = 2 ** Math.ceil(Math.log2(countMax * 2));
    this.#table = new Int32Array(slots).fill(EMPTY);
    this.#mask = slots - 1;
  }

  find(trainingRunId: string, packetId: string, nowMs: number): AnswerPlace {
    const at = this.#table[this.#slotOf(answerKey(trainingRunId, packetId))] ?? EMPTY;
    if (at === EMPTY) return UNKNOWN;
    if (nowMs - (this.#answeredMs[at] ?? 0) >= this.#options.keepMs) return EXPIRED;
    return { kind: 'answered', logSequence: this.#places[at] ?? 0 };
  }

  /** Remembers an answer. The same packet again takes the place of its earlier answer. */
  keep(trainingRunId: string, packetId: string, answer: { readonly logSequence: number; readonly atMs: number }): void {
    const key = answerKey(trainingRunId, packetId);
    const at = this.#placeFor(key);
    this.#places[at] = answer.logSequence;
    this.#answeredMs[at] = answer.atMs;
  }

  /** Forgets an answer that never left. */
  drop(trainingRunId: string, packetId: string): void {
    const key = answerKey(trainingRunId, packetId);
    const at = this.#table[this.#slotOf(key)] ?? EMPTY;
    if (at === EMPTY) return;
    this.#remove(key);
    this.#keys[at] = EMPTY;
  }

  #placeFor(key: number): number {
    const known = this.#table[this.#slotOf(key)] ?? EMPTY;
    if (known !== EMPTY) return known;
    const at = this.#next;
    this.#next = (at + 1) % this.#keys.length;
    const old = this.#keys[at] ?? EMPTY;
    if (old !== EMPTY) this.#remove(old);
    this.#keys[at] = key;
    this.#table[this.#slotOf(key)] = at;
    return at;
  }

  /** The slot that holds `key`, or the empty one where it would stand. */
  #slotOf(key: number): number {
    let slot = this.#home(key);
    for (let at = this.#table[slot] ?? EMPTY; at !== EMPTY; at = this.#table[slot] ?? EMPTY) {
      if (this.#keys[at] === key) return slot;
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }

  readonly #home = (key: number): number => (key % 0x1_0000_0000) & this.#mask;

  /** Takes a key out, and moves up what stood behind it, so that no search ends early. */
  #remove(key: number): void {
    let hole = this.#slotOf(key);
    this.#table[hole] = EMPTY;
    for (let slot = (hole + 1) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = this.#table[slot] ?? EMPTY;
      if (at === EMPTY) return;
      const home = this.#home(this.#keys[at] ?? 0);
      const reachable = ((slot - home) & this.#mask) >= ((slot - hole) & this.#mask);
      if (!reachable) continue;
      this.#table[hole] = at;
      this.#table[slot] = EMPTY;
      hole = slot;
    }
  }
}
