import type { LaneItem } from '../core/lane-queue.js';
import { type LaneName, laneOf } from '../core/priority.js';
import { TelemetryError } from '../errors.js';
import type { JournalRecord, TelemetryJournal, Timers } from '../ports.js';
import {
  decodeJournalEntry,
  encodePacketEntry,
  encodeSettledEntry,
  itemOf,
  type JournalEntry,
} from '../wire/journal-entry.js';

const MARK_EVERY_MAX = 64;
const MARK_EVERY_MS = 200;

/** What a process before this one has left: the positions of unsettled packets, by lane, oldest first. */
export type LeftOver = Readonly<Record<LaneName, readonly number[]>>;

/** Packets read back. `unread` are still to be read; `unreadable` are gone, or are no packets. */
export interface Loaded {
  readonly items: readonly LaneItem[];
  readonly unread: readonly number[];
  readonly unreadable: readonly number[];
}

/**
 * Packets on disk: written before they are sent, settled when they have arrived. What is not settled when the process ends is
 * there for the next one. A crash may bring back packets that had arrived: their message ids are the same.
 */
export class PacketStore {
  readonly #journal: TelemetryJournal;
  readonly #timers: Timers;
  /** Positions that are not settled, in rising order. */
  readonly #unsettled = new Set<number>();
  /** Appends are taken note of in the order in which they were asked for, which keeps `#unsettled` rising. */
  #order: Promise<unknown> = Promise.resolve();
  #lastPosition = 0;
  #settledSinceMark = 0;
  #cancelMark: (() => void) | undefined;

  private constructor(journal: TelemetryJournal, timers: Timers) {
    this.#journal = journal;
    this.#timers = timers;
  }

  /** Rejects with `TELEMETRY_JOURNAL_UNREADABLE`, or with what reading the journal rejected with. */
  static async open(journal: TelemetryJournal, timers: Timers): Promise<{ store: PacketStore; leftOver: LeftOver }> {
    const store = new PacketStore(journal, timers);
    const leftOver = await store.#recover();
    return { store, leftOver };
  }

  /** Resolves with the position when the packet is durable; rejects when it cannot be. */
  append(item: LaneItem): Promise<number> {
    const appended = started(() => this.#journal.append(encodePacketEntry(item)));
    const noted = this.#order.then(async () => {
      const position = await appended;
      this.#lastPosition = position;
      this.#unsettled.add(position);
      return position;
    });
    this.#order = Promise.allSettled([appended, noted]);
    return noted;
  }

  /** The packet at this position has arrived, or was given up. */
  settle(position: number): void {
    this.#unsettled.delete(position);
    this.#settledSinceMark += 1;
    if (this.#settledSinceMark >= MARK_EVERY_MAX) void this.mark();
    else this.#cancelMark ??= this.#timers.after(MARK_EVERY_MS, () => void this.mark());
  }

  /** The packets at these positions, which rise, as far as `bytesMax` goes. */
  async load(positions: readonly number[], bytesMax: number): Promise<Loaded> {
    const last = positions.at(-1) ?? 0;
    const missing = new Set(positions);
    const items: LaneItem[] = [];
    let bytesRead = 0;
    let unreadFrom = last + 1;
    for await (const { position, bytes } of this.#journal.read((positions[0] ?? 1) - 1)) {
      if (position > last) break;
      if (!missing.has(position)) continue;
      if (bytesRead > 0 && bytesRead + bytes.byteLength > bytesMax) {
        unreadFrom = position;
        break;
      }
      bytesRead += bytes.byteLength;
      const item = packetIn(bytes, position);
      if (item === undefined) continue;
      items.push(item);
      missing.delete(position);
    }
    const rest = [...missing].sort((a, b) => a - b);
    return {
      items,
      unread: rest.filter((position) => position >= unreadFrom),
      unreadable: rest.filter((position) => position < unreadFrom),
    };
  }

  /** Writes down what is settled. Never rejects: a mark that fails costs packets that come again, and the next one covers it. */
  async mark(): Promise<void> {
    this.#cancelMark?.();
    this.#cancelMark = undefined;
    const settled = this.#settledSinceMark;
    this.#settledSinceMark = 0;
    const through = this.#settledThrough();
    try {
      await this.#journal.append(encodeSettledEntry(through));
      await this.#journal.forgetThrough(through);
    } catch {
      this.#settledSinceMark += settled;
    }
  }

  /** Writes the last mark. */
  async close(): Promise<void> {
    if (this.#settledSinceMark > 0) await this.mark();
    this.#cancelMark?.();
    this.#cancelMark = undefined;
  }

  #settledThrough(): number {
    // The first of a set is the oldest. What is still being written stands above everything noted so far.
    const [oldest] = this.#unsettled;
    return oldest === undefined ? this.#lastPosition : oldest - 1;
  }

  async #recover(): Promise<LeftOver> {
    const leftOver: Record<LaneName, number[]> = { emergency: [], telemetry: [] };
    const settledThrough = await this.#newestMark();
    for await (const record of this.#journal.read(0)) {
      this.#lastPosition = Math.max(this.#lastPosition, record.position);
      const entry = entryIn(record);
      if (entry.kind === 'settled' || record.position <= settledThrough) continue;
      leftOver[laneOf(entry.priority)].push(record.position);
      this.#unsettled.add(record.position);
    }
    return leftOver;
  }

  async #newestMark(): Promise<number> {
    let through = 0;
    for await (const record of this.#journal.read(0)) {
      const entry = entryIn(record);
      if (entry.kind === 'settled') through = Math.max(through, entry.through);
    }
    return through;
  }
}

function entryIn({ position, bytes }: JournalRecord): JournalEntry {
  const decoded = decodeJournalEntry(bytes);
  if (decoded.ok) return decoded.value;
  throw new TelemetryError('TELEMETRY_JOURNAL_UNREADABLE', `telemetry record ${position}: ${decoded.error}`);
}

/** A journal that throws instead of rejecting is a journal that failed. */
const started = async (append: () => Promise<number>): Promise<number> => await append();

function packetIn(bytes: Uint8Array, position: number): LaneItem | undefined {
  const entry = decodeJournalEntry(bytes);
  return entry.ok && entry.value.kind === 'packet' ? itemOf(entry.value, position) : undefined;
}
