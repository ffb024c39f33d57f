import type { StreamLogs } from '../core/stream-log.js';
import { BUS_STREAMS, type Journal, type Timers } from '../ports.js';
import { encodeCursorsRecord, type GroupCursor } from '../wire/outbox-record.js';
import type { CallOrder } from './call-order.js';

/** What the keeper works on. */
export interface CursorKeeperParts {
  readonly journal: Journal;
  readonly timers: Timers;
  readonly logs: StreamLogs;
  readonly order: CallOrder;
  readonly everyMax: number;
  readonly everyMs: number;
  /** Empty text when the journal took the record, otherwise why it did not. */
  onOutcome(failure: string): void;
}

/**
 * Writes down how far the groups are, after a number of messages needed no longer or a while, and lets the journal forget what
 * every group is done with. What is not written down before a crash is delivered again.
 */
export class CursorKeeper {
  readonly #parts: CursorKeeperParts;
  #unwritten = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(parts: CursorKeeperParts) {
    this.#parts = parts;
  }

  /** So many more messages are needed no longer: acknowledged by a group, or given up on a stream that nobody reads. */
  settled(count = 1): void {
    this.#unwritten += count;
    if (this.#unwritten >= this.#parts.everyMax) void this.writeDown();
    else this.#cancelTimer ??= this.#parts.timers.after(this.#parts.everyMs, () => void this.writeDown());
  }

  /** Resolves when the cursors are durable, or the journal has refused them and health says so. Never rejects. */
  async writeDown(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const written = this.#unwritten;
    this.#unwritten = 0;
    const appended = append(this.#parts.journal, encodeCursorsRecord(cursorsOf(this.#parts.logs)));
    const forgetThrough = await this.#parts.order.enter(appended, (outcome) => {
      if (outcome.status === 'rejected') return undefined;
      // Everything asked for before this record has been added by now, so the oldest entry is really the oldest.
      const oldest = BUS_STREAMS.map((stream) => this.#parts.logs[stream].oldestPosition() ?? outcome.value);
      return Math.min(...oldest, outcome.value) - 1;
    });
    if (forgetThrough === undefined) return this.#failed(written, 'journal: cursors not written');
    try {
      await this.#parts.journal.forgetThrough(forgetThrough);
      this.#parts.onOutcome('');
    } catch (cause) {
      // Nothing is lost by remembering too much; the next round asks again.
      this.#parts.onOutcome(`journal: ${cause instanceof Error ? cause.name : 'forgetting failed'}`);
    }
  }

  /** Writes down what is left. */
  async close(): Promise<void> {
    if (this.#unwritten > 0) await this.writeDown();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #failed(unwritten: number, failure: string): void {
    this.#unwritten += unwritten;
    this.#parts.onOutcome(failure);
  }
}

async function append(journal: Journal, bytes: Uint8Array): Promise<number> {
  return await journal.append(bytes);
}

const cursorsOf = (logs: StreamLogs): GroupCursor[] =>
  BUS_STREAMS.flatMap((stream) =>
    [...logs[stream].cursors()].map(([group, position]) => ({ stream, group, position })),
  );
