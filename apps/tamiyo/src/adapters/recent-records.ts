/**
 * The bytes of the decisions recorded last, by their place in the log, for callers that ask again at once: finding a record in the
 * log reads up to a whole segment. They are kept as bytes because a busy host that keeps its decisions as objects, if only for a
 * second, hands all of them to the slow part of the garbage collector.
 */
export class RecentRecords {
  readonly #sequences: Float64Array;
  readonly #bytes: (Uint8Array | undefined)[];
  #next = 0;

  /** `countMax`: records that are kept, at least 1. */
  constructor(countMax: number) {
    this.#sequences = new Float64Array(countMax).fill(-1);
    this.#bytes = new Array<Uint8Array | undefined>(countMax).fill(undefined);
  }

  /** `bytes` are kept as they are: nobody may change them. */
  keep(logSequence: number, bytes: Uint8Array): void {
    this.#sequences[this.#next] = logSequence;
    this.#bytes[this.#next] = bytes;
    this.#next = (this.#next + 1) % this.#sequences.length;
  }

  /** `undefined` for a place whose record is not kept (any more). */
  find(logSequence: number): Uint8Array | undefined {
    return this.#bytes[this.#sequences.indexOf(logSequence)];
  }
}
