import { type WordMemory, wordMemory } from '../core/crc32c.js';
import { FRAME_HEADER_BYTES, frameBytes, placePayload } from '../core/frame.js';

/** What an append resolves to. */
export interface Appended {
  /** Strictly rising over the life of the log, starting at 1. */
  readonly sequence: number;
}

/** One record that waits: its payload is in the batch already. */
export interface BatchEntry {
  readonly issuedAtMs: number;
  readonly useReserve: boolean;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
  /** Where its frame begins in the batch. */
  readonly at: number;
  readonly payloadBytes: number;
  readonly payloadSum: number;
}

type NewEntry = Pick<BatchEntry, 'issuedAtMs' | 'useReserve' | 'resolve' | 'reject'>;

const START_BYTES = 16 * 1024;

/**
 * Frames in the making: payloads are laid down where they will be written, while an earlier batch waits for the disk. Only
 * the headers are missing, because they tell the place in the segment.
 */
export class AppendBatch {
  #memory: WordMemory = wordMemory(new Uint8Array(START_BYTES));
  #entries: BatchEntry[] = [];
  #usedBytes = 0;

  get entries(): readonly BatchEntry[] {
    return this.#entries;
  }

  /** Length of all frames, in bytes. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** The frames, with room behind them. */
  get memory(): WordMemory {
    return this.#memory;
  }

  /** Whether one more record keeps the batch within the limit; a batch takes at least one. */
  hasRoomFor(payloadBytes: number, batchBytesMax: number): boolean {
    return this.#entries.length === 0 || this.#usedBytes + frameBytes(payloadBytes) <= batchBytesMax;
  }

  /** Copies the payload in. */
  add(payload: Uint8Array, entry: NewEntry): void {
    const at = this.#usedBytes;
    const end = at + frameBytes(payload.length);
    if (end > this.#memory.bytes.length) this.#grow(end);
    const payloadSum = placePayload(this.#memory, at, payload);
    const { issuedAtMs, useReserve, resolve, reject } = entry;
    this.#entries.push({ issuedAtMs, useReserve, resolve, reject, at, payloadBytes: payload.length, payloadSum });
    this.#usedBytes = end;
  }

  /** A new batch of some of the entries. */
  only(entries: readonly BatchEntry[]): AppendBatch {
    const batch = new AppendBatch();
    for (const entry of entries) {
      const from = entry.at + FRAME_HEADER_BYTES;
      batch.add(this.#memory.bytes.subarray(from, from + entry.payloadBytes), entry);
    }
    return batch;
  }

  /** Empty again, with the memory it has grown to. */
  clear(): void {
    this.#entries = [];
    this.#usedBytes = 0;
  }

  #grow(bytes: number): void {
    const grown = new Uint8Array(Math.max(bytes, 2 * this.#memory.bytes.length));
    grown.set(this.#memory.bytes.subarray(0, this.#usedBytes));
    this.#memory = wordMemory(grown);
  }
}
