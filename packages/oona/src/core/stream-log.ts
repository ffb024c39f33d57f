import type { BusEnvelope } from '@esper/leyline';
import { invariant } from '@esper/std';
import type { BusStream } from '../ports.js';
import { RecentIds } from './recent-ids.js';

const COMPACT_AFTER = 256;

/** One message as a stream keeps it. */
export interface StreamEntry<Envelope> {
  readonly position: number;
  readonly messageId: string;
  readonly envelope: Envelope;
  readonly sizeBytes: number;
}

/** Bounds of one stream. */
export interface StreamLimits {
  readonly entriesMax: number;
  readonly retainedMax: number;
  readonly duplicateWindowMax: number;
}

/**
 * One stream in memory: the entries that some group has still to acknowledge, in order of position, and how far each
 * group is. Without any group the newest `retainedMax` entries are kept for one to come. Holds no I/O and no time.
 */
export class StreamLog<Envelope> {
  readonly #limits: StreamLimits;
  readonly #cursors = new Map<string, number>();
  readonly #recentIds: RecentIds;
  /** Before `#head` there is nothing any more. */
  #entries: (StreamEntry<Envelope> | undefined)[] = [];
  /** Places before this index are empty; the array is cut only now and then, so that releasing an entry is cheap. */
  #head = 0;
  #bytes = 0;
  #trimmed = 0;

  constructor(limits: StreamLimits) {
    this.#limits = limits;
    this.#recentIds = new RecentIds(limits.duplicateWindowMax);
  }

  get entryCount(): number {
    return this.#entries.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Entries removed before any group existed. */
  get trimmedCount(): number {
    return this.#trimmed;
  }

  /** The position a message of this id got, while it is remembered. */
  positionOf(messageId: string): number | undefined {
    return this.#recentIds.positionOf(messageId);
  }

  /** Whether one more entry would be too many. A stream nobody reads makes room by itself. */
  isFull(): boolean {
    return this.#cursors.size > 0 && this.entryCount >= this.#limits.entriesMax;
  }

  /** Adds at the end. Positions must rise. */
  add(entry: StreamEntry<Envelope>): void {
    const last = this.#entries.at(-1);
    invariant(last === undefined || last.position < entry.position, 'positions of a stream rise');
    this.#entries.push(entry);
    this.#bytes += entry.sizeBytes;
    this.#recentIds.remember(entry.messageId, entry.position);
    this.#release();
  }

  hasGroup(group: string): boolean {
    return this.#cursors.has(group);
  }

  /** A new group starts before the oldest entry kept; a known one keeps its place. */
  addGroup(group: string, cursor = (this.oldestPosition() ?? 1) - 1): void {
    if (!this.#cursors.has(group)) this.#cursors.set(group, cursor);
  }

  /** What only this group still needed is released. */
  dropGroup(group: string): void {
    this.#cursors.delete(group);
    this.#release();
  }

  /** The oldest entry the group has not acknowledged. */
  next(group: string): StreamEntry<Envelope> | undefined {
    const cursor = this.#cursors.get(group);
    invariant(cursor !== undefined, `group ${group} is known`);
    return this.#entries[this.#indexAfter(cursor)];
  }

  /** The group is done with everything up to `position`. Never moves back. */
  acknowledge(group: string, position: number): void {
    const cursor = this.#cursors.get(group);
    invariant(cursor !== undefined, `group ${group} is known`);
    if (position <= cursor) return;
    this.#cursors.set(group, position);
    this.#release();
  }

  /** How far each group is. */
  cursors(): ReadonlyMap<string, number> {
    return this.#cursors;
  }

  unacknowledged(group: string): number {
    const cursor = this.#cursors.get(group);
    return cursor === undefined ? 0 : this.#entries.length - this.#indexAfter(cursor);
  }

  /** The oldest position this stream still needs, or `undefined` when it is empty. */
  oldestPosition(): number | undefined {
    return this.#entries[this.#head]?.position;
  }

  /** Gives up the oldest entry if no group is waiting for it; false when there is none to give up. */
  evictOne(): boolean {
    if (this.#cursors.size > 0 || this.entryCount === 0) return false;
    this.#drop(1);
    this.#trimmed += 1;
    return true;
  }

  /** Gives up everything up to `position` if no group is waiting for it. */
  evictThrough(position: number): void {
    while ((this.oldestPosition() ?? Number.POSITIVE_INFINITY) <= position) if (!this.evictOne()) return;
  }

  #release(): void {
    if (this.#cursors.size > 0) {
      this.#drop(this.#indexAfter(this.#slowest()) - this.#head);
      return;
    }
    const beyond = Math.max(0, this.entryCount - this.#limits.retainedMax);
    this.#trimmed += beyond;
    this.#drop(beyond);
  }

  #drop(count: number): void {
    for (let i = this.#head; i < this.#head + count; i += 1) {
      this.#bytes -= this.#entries[i]?.sizeBytes ?? 0;
      // The entry itself goes now: kept until the array is cut, a full stream would hold twice what it may.
      this.#entries[i] = undefined;
    }
    this.#head += count;
    if (this.#head < COMPACT_AFTER || this.#head * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }

  #slowest(): number {
    return Math.min(...this.#cursors.values());
  }

  /** Index of the first entry beyond `position`, by halving. */
  #indexAfter(position: number): number {
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle] as StreamEntry<Envelope>).position <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The streams of one bus. */
export type StreamLogs = Readonly<Record<BusStream, StreamLog<BusEnvelope>>>;
