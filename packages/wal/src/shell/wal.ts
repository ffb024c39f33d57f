import type { WalStats } from '../core/metrics.js';
import type { RecoveryReport } from '../core/recovery-report.js';
import type { RetentionReport, RetentionRequest } from '../core/retention-plan.js';
import { WalError } from '../errors.js';
import type { AnchorFile } from './anchor-file.js';
import type { Appended } from './append-batch.js';
import { AppendQueue } from './append-queue.js';
import { type CopyReport, copyLog } from './copy-log.js';
import { ioError } from './disk-io.js';
import type { DiskReserve } from './disk-reserve.js';
import type { LogState } from './log-state.js';
import type { LogWriter } from './log-writer.js';
import { type ReadableLog, type ReadOptions, readRecords, type WalRecord } from './read-records.js';
import { retain } from './retain.js';
import type { WalLock } from './wal-lock.js';

export interface AppendOptions {
  /** Wall time at which the record was issued, whole milliseconds since 1970, above 0. Retention judges by it. */
  readonly issuedAtMs?: number;
  /** When the disk is full, this record may use the reserved space. For the record that says so. Default false. */
  readonly useReserve?: boolean;
}

/** The parts of an open log, as `openWal` joins them. */
export interface WalParts {
  readonly state: LogState;
  readonly writer: LogWriter;
  readonly anchor: AnchorFile;
  readonly reserve: DiskReserve;
  readonly lock: WalLock;
  readonly recovery: RecoveryReport;
}

/** An open log: one writer, any number of readings. Made by `openWal`. */
export class Wal implements AsyncDisposable {
  /** What opening found and did. */
  readonly recovery: RecoveryReport;
  readonly #parts: WalParts;
  readonly #queue: AppendQueue;
  #closing: Promise<void> | undefined;
  #maintenance: Promise<unknown> = Promise.resolve();

  constructor(parts: WalParts) {
    this.#parts = parts;
    this.recovery = parts.recovery;
    const { counters, tell } = parts.state;
    this.#queue = new AppendQueue(parts.writer, parts.state.options, {
      releaseReserve: () => parts.reserve.release(),
      onIdle: () => parts.writer.noteAcknowledged(),
      onRejected: (count, error) => {
        counters.rejectedTotal += count;
        if (error instanceof WalError && error.code === 'WAL_FULL') tell('wal.full', { records: count });
      },
    });
  }

  /**
   * Appends one record. Resolved means: on stable storage (`fdatasync`), unless `durability` is `written`. Rejected means:
   * not acknowledged; with `WAL_POISONED` it may yet be found after reopening, with every other code it is not there. The
   * payload is copied; an empty one is allowed.
   */
  append(payload: Uint8Array, options: AppendOptions = {}): Promise<Appended> {
    const refusal = this.#refusal(payload, options);
    if (refusal !== undefined) {
      this.#parts.state.counters.rejectedTotal += 1;
      return Promise.reject(refusal);
    }
    const { issuedAtMs = 0, useReserve = false } = options;
    return this.#queue.add(payload, issuedAtMs, useReserve);
  }

  #refusal(payload: Uint8Array, { issuedAtMs }: AppendOptions): WalError | undefined {
    if (this.#closing !== undefined) return new WalError('WAL_CLOSED', `${this.#parts.state.directory} is closed`);
    const { poison } = this.#parts.writer;
    if (poison !== undefined) return poison;
    const { recordBytesMax } = this.#parts.state.options;
    if (payload.length > recordBytesMax) {
      return new WalError('WAL_RECORD_TOO_LARGE', `${payload.length} bytes, at most ${recordBytesMax}`);
    }
    if (issuedAtMs !== undefined && !(Number.isSafeInteger(issuedAtMs) && issuedAtMs > 0)) {
      return new WalError('WAL_ISSUE_TIME_INVALID', `issuedAtMs must be whole milliseconds above 0, got ${issuedAtMs}`);
    }
    return undefined;
  }

  /**
   * Every record that was acknowledged when reading began, oldest first, each checked again. Damage ends the reading with
   * `WAL_CORRUPT` unless `onDamage` is given or opening has reported it. Ends with an error when retention deletes a
   * segment that is being waited for.
   */
  read(options: ReadOptions = {}): AsyncIterable<WalRecord> {
    return readRecords(this.#snapshot(), options);
  }

  #snapshot(): ReadableLog {
    const { disk, directory, logId, options, segments } = this.#parts.state;
    return {
      disk,
      directory,
      logId,
      readBytes: options.readBytes,
      segments: segments.map((one, at) => ({
        ...one,
        fence: segments[at + 1]?.firstSequence,
        limitBytes: one.endOffset,
      })),
    };
  }

  /** Counters, sizes and state now. O(segments). */
  stats(): WalStats {
    const { state, writer, reserve } = this.#parts;
    return {
      ...state.counters,
      queuedRecords: this.#queue.records,
      queuedBytes: this.#queue.bytes,
      segments: state.segments.length,
      retainedBytes: state.segments.reduce((sum, one) => sum + one.endOffset, 0),
      firstSequence: state.firstSequence,
      lastSequence: writer.lastSequence,
      durableThrough: writer.durableThrough,
      durability: state.options.durability,
      rewrite: state.options.rewrite,
      state: this.#closing !== undefined ? 'closed' : writer.poison === undefined ? 'open' : 'poisoned',
      reserveThere: reserve.there,
    };
  }

  /**
   * Deletes the oldest segments whose every record was issued before the cut-off, and with `partial` rewrites the next one
   * without its expired beginning. Records without a trustworthy issue time are kept and listed. With `rewrite` set to
   * `shadow` nothing is changed and the report says what would be. Resolved means: durable. Runs one at a time.
   */
  retain(request: RetentionRequest): Promise<RetentionReport> {
    const { state, anchor, reserve, writer } = this.#parts;
    const acknowledgedThrough = () => writer.durableThrough;
    return this.#exclusively(() => retain({ state, anchor, reserve, acknowledgedThrough }, request));
  }

  /**
   * Copies everything acknowledged so far into `directory`, which must be empty or absent, while appends go on. Resolves
   * when the copy has been read back and put in place; rejects with `WAL_NOT_EMPTY` or `WAL_BACKUP_INVALID`. Retention
   * waits for it.
   */
  backup(directory: string, onProgress?: (doneBytes: number, totalBytes: number) => void): Promise<CopyReport> {
    return this.#exclusively(() => {
      const { state, writer } = this.#parts;
      const { disk, clock, logId, firstSequence } = state;
      const acknowledgedThrough = writer.lastSequence;
      const firstSegment = state.segments[0]?.segment ?? 1;
      const files = state.segments.map(({ name, endOffset }) => ({ name, bytes: endOffset }));
      const anchor = { logId, acknowledgedThrough, firstSegment, firstSequence };
      const progress = onProgress === undefined ? {} : { onProgress };
      return copyLog({ disk, from: state.directory, to: directory, clock, files, anchor, ...progress });
    });
  }

  /** One after the other: what deletes files, and what copies them. */
  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) {
      return Promise.reject(new WalError('WAL_CLOSED', `${this.#parts.state.directory} is closed`));
    }
    const run = this.#maintenance.then(work);
    this.#maintenance = run.catch(() => undefined);
    return run;
  }

  /** Waits for everything appended, makes it durable, and gives the lock back. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const { state, writer, anchor, lock } = this.#parts;
    await this.#queue.idle();
    await this.#maintenance;
    const failures: unknown[] = [];
    const attempt = (step: () => Promise<void>) => step().catch((error: unknown) => failures.push(error));
    await attempt(() => writer.close());
    if (writer.poison === undefined && failures.length === 0) {
      const [oldest] = state.segments;
      const firstSegment = oldest?.segment ?? 1;
      const { logId, firstSequence } = state;
      const acknowledgedThrough = writer.durableThrough;
      await attempt(() => anchor.writeBases({ logId, acknowledgedThrough, firstSegment, firstSequence }));
    }
    await attempt(() => anchor.close());
    await attempt(() => lock.release());
    if (failures.length > 0)
      throw ioError('closing failed', failures.length === 1 ? failures[0] : new AggregateError(failures));
  }
}
