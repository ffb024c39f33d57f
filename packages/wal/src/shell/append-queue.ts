import { frameBytes } from '../core/frame.js';
import { WalError } from '../errors.js';
import type { ResolvedWalOptions } from '../options.js';
import type { LogWriter, RecordToWrite } from './log-writer.js';

/** What an append resolves to. */
export interface Appended {
  /** Strictly rising over the life of the log, starting at 1. */
  readonly sequence: number;
}

interface Waiting extends RecordToWrite {
  readonly useReserve: boolean;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
}

/** Gives up the reserved space; resolves to false when there is none. */
export type ReleaseReserve = () => Promise<boolean>;

/** Microtask turns to wait before a batch is closed, so that whoever the last batch woke can join the next. */
const GATHER_TURNS = 4;

/** Bounded queue in front of the writer: appends that arrive while a sync runs share the next one. */
export class AppendQueue {
  readonly #writer: LogWriter;
  readonly #options: ResolvedWalOptions;
  readonly #releaseReserve: ReleaseReserve;
  readonly #onRejected: (count: number, error: unknown) => void;
  readonly #onIdle: () => void;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #draining: Promise<void> | undefined;

  constructor(
    writer: LogWriter,
    options: ResolvedWalOptions,
    hooks: {
      readonly releaseReserve: ReleaseReserve;
      readonly onRejected: (count: number, error: unknown) => void;
      /** Called when nothing waits after a batch. */
      readonly onIdle: () => void;
    },
  ) {
    this.#writer = writer;
    this.#options = options;
    this.#releaseReserve = hooks.releaseReserve;
    this.#onRejected = hooks.onRejected;
    this.#onIdle = hooks.onIdle;
  }

  get records(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#waitingBytes;
  }

  /** Queues one record. The queue owns `payload` from here on. */
  add(record: RecordToWrite & { readonly useReserve: boolean }): Promise<Appended> {
    const { queueRecordsMax, queueBytesMax } = this.#options;
    const bytes = this.#waitingBytes + record.payload.length;
    if (this.#waiting.length >= queueRecordsMax || (bytes > queueBytesMax && this.#waiting.length > 0)) {
      const error = new WalError('WAL_QUEUE_FULL', `${this.#waiting.length} records wait for the disk`);
      this.#onRejected(1, error);
      return Promise.reject(error);
    }
    this.#waitingBytes = bytes;
    const { payload, issuedAtMs, useReserve } = record;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ payload, issuedAtMs, useReserve, resolve, reject });
      this.#draining ??= this.#drain();
    });
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  async #drain(): Promise<void> {
    try {
      for (;;) {
        for (let turn = 0; turn < GATHER_TURNS; turn += 1) await undefined;
        if (this.#waiting.length === 0) break;
        await this.#commit(this.#take());
      }
    } finally {
      this.#draining = undefined;
    }
    // While appends follow one another, each batch carries the acknowledgement of the one before; a note is for the last.
    this.#onIdle();
  }

  #take(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { payload } of this.#waiting) {
      bytes += frameBytes(payload.length);
      if (count > 0 && bytes > this.#options.batchBytesMax) break;
      count += 1;
    }
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    for (const { payload } of batch) this.#waitingBytes -= payload.length;
    return batch;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    try {
      this.#settle(batch, await this.#writer.commit(batch));
    } catch (error) {
      await this.#refused(batch, error);
    }
  }

  #settle(batch: readonly Waiting[], first: number): void {
    let sequence = first;
    for (const { resolve } of batch) {
      resolve({ sequence });
      sequence += 1;
    }
  }

  /** A full disk costs everyone but those who may use the reserve. */
  async #refused(batch: readonly Waiting[], error: unknown): Promise<void> {
    const entitled =
      error instanceof WalError && error.code === 'WAL_FULL' ? batch.filter((one) => one.useReserve) : [];
    this.#reject(entitled.length === 0 ? batch : batch.filter((one) => !one.useReserve), error);
    if (entitled.length === 0) return;
    try {
      if (!(await this.#releaseReserve())) throw error;
      this.#settle(entitled, await this.#writer.commit(entitled));
    } catch (again) {
      this.#reject(entitled, again);
    }
  }

  #reject(batch: readonly Waiting[], error: unknown): void {
    if (batch.length > 0) this.#onRejected(batch.length, error);
    for (const { reject } of batch) reject(error);
  }
}
