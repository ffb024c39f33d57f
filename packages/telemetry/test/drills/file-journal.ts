import { type FileHandle, open } from 'node:fs/promises';
import type { JournalRecord, TelemetryJournal } from '../../src/index.js';
import type { OverloadFault } from './overload-faults.js';

/** Where a record's bytes stand in the file. */
interface Place {
  readonly at: number;
  readonly size: number;
}

const LATE_MS = 1000;

/**
 * A journal in one file, for drills: length-prefixed records, group commit by fdatasync, nothing ever forgotten. Opening stops at the
 * first record that is not whole, which is where a killed process stopped writing.
 */
export class FileJournal implements TelemetryJournal {
  readonly #file: FileHandle;
  readonly #offsets: Place[];
  readonly #fault: OverloadFault | undefined;
  #end: number;
  #batch: { readonly bytes: Uint8Array; resolve(position: number): void; reject(cause: unknown): void }[] = [];
  #isWriting = false;

  private constructor(file: FileHandle, offsets: Place[], fault: OverloadFault | undefined) {
    this.#file = file;
    this.#offsets = offsets;
    this.#fault = fault;
    const last = offsets.at(-1);
    this.#end = last === undefined ? 0 : last.at + last.size;
  }

  static async open(path: string, fault?: OverloadFault): Promise<FileJournal> {
    const file = await open(path, 'a+');
    const all = await file.readFile();
    const offsets: Place[] = [];
    for (let at = 0; at + 4 <= all.byteLength; ) {
      const size = all.readUInt32LE(at);
      if (at + 4 + size > all.byteLength) break;
      offsets.push({ at: at + 4, size });
      at += 4 + size;
    }
    return new FileJournal(file, offsets, fault);
  }

  append(bytes: Uint8Array): Promise<number> {
    if (this.#fault === 'journal-skipped') return Promise.resolve(this.#offsets.push({ at: 0, size: 0 }));
    return new Promise((resolve, reject) => {
      this.#batch.push({ bytes, resolve, reject });
      if (!this.#isWriting) void this.#write();
    });
  }

  async *read(afterPosition: number): AsyncGenerator<JournalRecord> {
    for (let i = afterPosition; i < this.#offsets.length; i += 1) {
      if (this.#fault === 'reader-skips' && i % 10 === 5) continue;
      const { at, size } = this.#offsets[i] as Place;
      const bytes = new Uint8Array(size);
      await this.#file.read(bytes, 0, size, at);
      yield { position: i + 1, bytes };
    }
  }

  async forgetThrough(): Promise<void> {
    // Drills look at everything that was ever written.
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#batch.length > 0) {
      const batch = this.#batch;
      this.#batch = [];
      const early = this.#fault === 'ack-before-sync';
      if (early) this.#settle(batch);
      if (early) await new Promise((resolve) => setTimeout(resolve, LATE_MS));
      try {
        await this.#file.appendFile(Buffer.concat(batch.flatMap(({ bytes }) => [lengthOf(bytes), bytes])));
        await this.#file.datasync();
        if (!early) this.#settle(batch);
      } catch (cause) {
        for (const { reject } of batch) reject(cause);
      }
    }
    this.#isWriting = false;
  }

  #settle(batch: readonly { readonly bytes: Uint8Array; resolve(position: number): void }[]): void {
    for (const { bytes, resolve } of batch) {
      const size = bytes.byteLength;
      resolve(this.#offsets.push({ at: this.#end + 4, size }));
      this.#end += 4 + size;
    }
  }
}

function lengthOf(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.byteLength, true);
  return length;
}
