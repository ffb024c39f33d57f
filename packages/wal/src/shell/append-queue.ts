import { WalError } from '../errors.js';
import type { ResolvedWalOptions } from '../options.js';
import { AppendBatch, type Appended, type BatchEntry } from './append-batch.js';
import type { LogWriter } from './log-writer.js';

/** Gives up the reserved space; resolves to false when there is none. */
export type ReleaseReserve = () => Promise<boolean>;

/** What the queue tells the log that it belongs to. */
export interface QueueHooks {
  readonly releaseReserve: ReleaseReserve;
  readonly onRejected: (count: number, error: unknown) => void;
  /** Called when nothing waits after a batch. */
  readonly onIdle: () => void;
}

/** Microtask turns to wait before a batch is closed, so that whoever the last batch woke can join the next. */
const GATHER_TURNS = 4;

/** Bounded queue in front of the writer: appends that arrive while a sync runs share the next one. */
export class AppendQueue {
  readonly #writer: LogWriter;
  readonly #options: ResolvedWalOptions;
  readonly #hooks: QueueHooks;
  /** Full batches, oldest first; then the one that still takes records. */
  readonly #full: AppendBatch[] = [];
  #open = new AppendBatch();
  /** An emptied batch, for its memory. */
  #spare: AppendBatch | undefined;
  #records = 0;
  #payloadBytes = 0;
  #draining: Promise<void> | undefined;

  constructor(writer: LogWriter, options: ResolvedWalOptions, hooks: QueueHooks) {
    this.#writer = writer;
    this.#options = options;
    this.#hooks = hooks;
  }

  /** How many records wait. */
  get records(): number {
    return this.#records;
  }

  /** How many payload bytes wait. */
  get bytes(): number {
    return this.#payloadBytes;
  }

  /** Queues one record; the payload is copied. */
  add(payload: Uint8Array, issuedAtMs: number, useReserve: boolean): Promise<Appended> {
    const { queueRecordsMax, queueBytesMax, batchBytesMax } = this.#options;
    const payloadBytes = this.#payloadBytes + payload.length;
    if (this.#records >= queueRecordsMax || (payloadBytes > queueBytesMax && this.#records > 0)) {
      const error = new WalError('WAL_QUEUE_FULL', `${this.#records} records wait for the disk`);
      this.#hooks.onRejected(1, error);
      return Promise.reject(error);
    }
    if (!this.#open.hasRoomFor(payload.length, batchBytesMax)) {
      this.#full.push(this.#open);
      this.#open = this.#emptyBatch();
    }
    this.#records += 1;
    this.#payloadBytes = payloadBytes;
    return new Promise((resolve, reject) => {
      this.#open.add(payload, { issuedAtMs, useReserve, resolve, reject });
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
        if (this.#records === 0) break;
        const batch = this.#take();
        await this.#commit(batch);
        batch.clear();
        this.#spare = batch;
      }
    } finally {
      this.#draining = undefined;
    }
    // While appends follow one another, each batch carries the acknowledgement of the one before; a note is for the last.
    this.#hooks.onIdle();
  }

  #emptyBatch(): AppendBatch {
    const batch = this.#spare ?? new AppendBatch();
    this.#spare = undefined;
    return batch;
  }

  #take(): AppendBatch {
    let batch = this.#full.shift();
    if (batch === undefined) {
      batch = this.#open;
      this.#open = this.#emptyBatch();
    }
    this.#records -= batch.entries.length;
    for (const { payloadBytes } of batch.entries) this.#payloadBytes -= payloadBytes;
    return batch;
  }

  async #commit(batch: AppendBatch): Promise<void> {
    try {
      settle(batch.entries, await this.#writer.commit(batch));
    } catch (error) {
      await this.#refused(batch, error);
    }
  }

  /** A full disk costs everyone but those who may use the reserve. */
  async #refused(batch: AppendBatch, error: unknown): Promise<void> {
    const full = error instanceof WalError && error.code === 'WAL_FULL';
    const entitled = full ? batch.entries.filter((one) => one.useReserve) : [];
    this.#reject(entitled.length === 0 ? batch.entries : batch.entries.filter((one) => !one.useReserve), error);
    if (entitled.length === 0) return;
    try {
      if (!(await this.#hooks.releaseReserve())) throw error;
      settle(entitled, await this.#writer.commit(batch.only(entitled)));
    } catch (again) {
      this.#reject(entitled, again);
    }
  }

  #reject(entries: readonly BatchEntry[], error: unknown): void {
    if (entries.length > 0) this.#hooks.onRejected(entries.length, error);
    for (const { reject } of entries) reject(error);
  }
}

function settle(entries: readonly BatchEntry[], first: number): void {
  let sequence = first;
  for (const { resolve } of entries) {
    resolve({ sequence });
    sequence += 1;
  }
}
