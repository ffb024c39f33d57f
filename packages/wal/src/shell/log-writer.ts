import { elapsedMs, invariant } from '@esper/std';
import { FrameSealer, type Placement, placementOf } from '../core/frame.js';
import { NO_ISSUE_TIMES, withIssueTimes } from '../core/issue-times.js';
import { TEMPORARY_ENDING } from '../core/layout.js';
import { SEGMENT_HEADER_BYTES } from '../core/segment-header.js';
import { segmentName } from '../core/segment-name.js';
import { WalError } from '../errors.js';
import type { DiskFile } from '../ports.js';
import type { AnchorFile } from './anchor-file.js';
import type { AppendBatch } from './append-batch.js';
import { diskCode, isFull, removeIfThere, writeFully } from './disk-io.js';
import type { LiveSegment, LogState } from './log-state.js';
import { createSegment } from './segment-file.js';

interface Encoded {
  readonly bytes: Uint8Array;
  readonly chain: number;
  readonly issueTimes: LiveSegment['issueTimes'];
}

/**
 * Writes batches to the newest segment. After a failed write or sync a segment is never touched again: the kernel may
 * have dropped the pages, and a second sync could report success for lost data. The batch then goes to a fresh segment,
 * whose first sequence fences off whatever the failed one kept; if that fails too, the log is poisoned.
 */
export class LogWriter {
  readonly #state: LogState;
  readonly #anchor: AnchorFile;
  #file: DiskFile;
  #placement: Placement;
  #chain: number;
  #nextSequence: number;
  #durableThrough: number;
  #segmentNumber: number;
  #noted: number;
  #poison: WalError | undefined;

  constructor(
    state: LogState,
    io: { readonly anchor: AnchorFile; readonly file: DiskFile },
    from: { readonly chain: number; readonly nextSequence: number; readonly highestSegment: number },
  ) {
    this.#state = state;
    this.#anchor = io.anchor;
    this.#file = io.file;
    this.#chain = from.chain;
    this.#nextSequence = from.nextSequence;
    this.#durableThrough = from.nextSequence - 1;
    this.#segmentNumber = from.highestSegment;
    this.#noted = from.nextSequence - 1;
    this.#placement = placementOf(state.logId, this.#current.segment);
  }

  get #current(): LiveSegment {
    const current = this.#state.segments.at(-1);
    invariant(current !== undefined, 'an open log has a segment');
    return current;
  }

  get poison(): WalError | undefined {
    return this.#poison;
  }

  get lastSequence(): number {
    return this.#nextSequence - 1;
  }

  get durableThrough(): number {
    return this.#durableThrough;
  }

  /**
   * Writes the records as one batch. Resolves to the first sequence when all are durable (`written`: when all are
   * written). Rejects with `WAL_FULL` (nothing of the batch remains) or `WAL_POISONED` (what remains is unknown).
   */
  async commit(batch: AppendBatch): Promise<number> {
    if (this.#poison !== undefined) throw this.#poison;
    const current = this.#current;
    const end = current.endOffset + batch.usedBytes;
    if (end > this.#state.options.segmentBytesMax && current.endOffset > SEGMENT_HEADER_BYTES) await this.#rotate();
    let encoded = this.#encode(batch);
    try {
      await this.#write(encoded.bytes);
    } catch (cause) {
      await this.#giveUpSegment(cause);
      encoded = this.#encode(batch);
      await this.#write(encoded.bytes).catch((again: unknown) => this.#failTwice(again));
    }
    return this.#advance(batch.entries.length, encoded);
  }

  /** Notes the last acknowledgement, behind the caller's back. */
  noteAcknowledged(): void {
    if (this.#noted === this.#durableThrough) return;
    this.#noted = this.#durableThrough;
    this.#anchor.note(this.#durableThrough);
  }

  /** Makes everything written so far durable and begins a new segment. */
  async #rotate(): Promise<void> {
    try {
      if (this.#durableThrough < this.lastSequence) {
        await this.#sync();
        this.#durableThrough = this.lastSequence;
      }
    } catch (cause) {
      // Records of `written` durability may be lost here; a later sync could only hide that.
      await this.#poisonLog(cause);
    }
    await this.#startSegment().catch((cause: unknown) => this.#refuseRotation(cause));
  }

  /** The old segment may only go on when it is certain that no half-made successor will fence it off. */
  async #refuseRotation(cause: unknown): Promise<never> {
    if (!isFull(cause)) return this.#poisonLog(cause);
    const { disk, directory } = this.#state;
    try {
      const id = { segment: this.#segmentNumber, firstSequence: this.#nextSequence };
      await removeIfThere(disk, `${directory}/${segmentName(id)}`);
      await removeIfThere(disk, `${directory}/${segmentName(id)}${TEMPORARY_ENDING}`);
      await disk.syncDirectory(directory);
    } catch (again) {
      return this.#poisonLog(new AggregateError([cause, again], 'no room for a new segment, and no clean way back'));
    }
    throw new WalError('WAL_FULL', 'no room for a new segment', { cause });
  }

  async #startSegment(): Promise<void> {
    const { disk, directory, logId, clock } = this.#state;
    this.#segmentNumber += 1;
    const id = { segment: this.#segmentNumber, firstSequence: this.#nextSequence };
    const header = { ...id, logId, chainBefore: this.#chain, createdAtMs: clock.wallMs() };
    const name = await createSegment(disk, directory, header);
    const file = await disk.open(`${directory}/${name}`, 'write');
    const old = this.#file;
    this.#file = file;
    this.#placement = placementOf(logId, id.segment);
    this.#state.segments.push({
      ...id,
      name,
      chainBefore: this.#chain,
      endOffset: SEGMENT_HEADER_BYTES,
      lastSequence: id.firstSequence - 1,
      issueTimes: NO_ISSUE_TIMES,
      losses: [],
      unreadable: false,
    });
    this.#state.tell('wal.segment_started', { segment: name });
    await old.close();
  }

  /** Fills in the headers of the batch, for its place at the end of the current segment. */
  #encode(batch: AppendBatch): Encoded {
    const { endOffset: offset, issueTimes } = this.#current;
    const sealer = new FrameSealer(batch.memory, { placement: this.#placement, offset, chainBefore: this.#chain });
    const acknowledgedThrough = this.#durableThrough;
    let sequence = this.#nextSequence;
    for (const { issuedAtMs, payloadBytes, payloadSum } of batch.entries) {
      sealer.seal({ sequence, issuedAtMs, acknowledgedThrough, payloadBytes, payloadSum });
      sequence += 1;
    }
    invariant(sealer.at === batch.usedBytes, () => `sealed ${sealer.at} bytes of ${batch.usedBytes}`);
    return {
      bytes: batch.memory.bytes.subarray(0, batch.usedBytes),
      chain: sealer.chain,
      issueTimes: withIssueTimes(issueTimes, this.#nextSequence, batch.entries),
    };
  }

  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await writeFully(this.#file, bytes, this.#current.endOffset);
    } catch (cause) {
      // Only a failed write can be taken back; a failed sync, whatever its code, leaves the segment in doubt.
      if (isFull(cause)) return this.#takeBack(cause);
      throw cause;
    }
    if (this.#state.options.durability === 'durable') await this.#sync();
  }

  async #sync(): Promise<void> {
    const { clock, counters } = this.#state;
    const startedMs = clock.monoMs();
    await this.#file.sync();
    counters.syncsTotal += 1;
    counters.syncLastMs = elapsedMs(startedMs, clock.monoMs());
    counters.syncMaxMs = Math.max(counters.syncMaxMs, counters.syncLastMs);
  }

  #advance(count: number, encoded: Encoded): number {
    const first = this.#nextSequence;
    const current = this.#current;
    const { counters, options } = this.#state;
    this.#nextSequence += count;
    this.#chain = encoded.chain;
    current.endOffset += encoded.bytes.length;
    current.lastSequence = this.lastSequence;
    current.issueTimes = encoded.issueTimes;
    counters.appendedTotal += count;
    counters.appendedBytesTotal += encoded.bytes.length;
    counters.commitsTotal += 1;
    if (options.durability === 'durable') {
      this.#durableThrough = this.lastSequence;
    } else {
      counters.acknowledgedNotDurableTotal += count;
    }
    return first;
  }

  /** The fresh segment failed too. Full alone is no reason for doubt: what was written has been taken back. */
  #failTwice(cause: unknown): Promise<never> {
    return cause instanceof WalError ? Promise.reject(cause) : this.#poisonLog(cause);
  }

  /** Anything but a full disk ends the segment. */
  async #giveUpSegment(cause: unknown): Promise<void> {
    if (cause instanceof WalError) throw cause;
    const { counters, tell, options } = this.#state;
    counters.segmentsPoisonedTotal += 1;
    tell('wal.segment_poisoned', { segment: this.#current.name, code: diskCode(cause) });
    // What `written` had resolved may be gone from this segment; going on would bury that.
    if (options.durability === 'written' && this.#durableThrough < this.lastSequence) await this.#poisonLog(cause);
    await this.#startSegment().catch((again: unknown) => this.#poisonLog(again));
  }

  /** Full disk: what was written is taken back, and the segment lives on. */
  async #takeBack(cause: unknown): Promise<never> {
    try {
      await this.#file.truncate(this.#current.endOffset);
      await this.#file.sync();
    } catch (again) {
      return this.#poisonLog(new AggregateError([cause, again], 'full, and the batch could not be taken back'));
    }
    throw new WalError('WAL_FULL', 'the disk is full; the batch was taken back', { cause });
  }

  async #poisonLog(cause: unknown): Promise<never> {
    this.#poison = new WalError('WAL_POISONED', `nothing more can be made durable: ${diskCode(cause)}`, { cause });
    this.#state.tell('wal.poisoned', { code: diskCode(cause) });
    throw this.#poison;
  }

  /** Makes everything durable and closes the file. A poisoned log is closed without another sync. */
  async close(): Promise<void> {
    if (this.#poison === undefined && this.#durableThrough < this.lastSequence) {
      await this.#sync();
      this.#durableThrough = this.lastSequence;
    }
    await this.#file.close();
  }
}
