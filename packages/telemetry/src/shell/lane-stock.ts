import type { MessagePriority } from '@esper/leyline';
import { Fifo } from '../core/fifo.js';
import { type LaneItem, LaneQueue } from '../core/lane-queue.js';
import type { DropReason, LaneAccount, Ledger } from '../core/ledger.js';
import type { PacketStore } from './packet-store.js';

/** Bounds of what may wait in one lane. */
export interface StockLimits {
  readonly bytesMax: number;
  readonly reserveMax: number;
  readonly parkedMax: number;
  /** Packets read back from disk at a time. */
  readonly summaryPacketsMax: number;
}

/** What a stock works on. */
export interface StockParts {
  readonly store: PacketStore;
  readonly ledger: Ledger;
  readonly limits: StockLimits;
  /** Positions on disk that a process before this one left. */
  readonly leftOver: readonly number[];
  onDrop(reason: DropReason, priority: MessagePriority): void;
  /** There may be something to send. */
  onChange(): void;
  /** Reading back from disk failed. */
  onLoadFailed(): void;
}

/** Whether a packet was taken, and whether it gets to disk: resolves true when it is there, false when it never will be. */
export interface OfferOutcome {
  readonly accepted: boolean;
  readonly durable: Promise<boolean>;
}

const NOT_DURABLE = Promise.resolve(false);

/** What waits in one lane: in memory, on disk alone, or on its way to disk. Every packet is in exactly one of them, or counted out. */
export class LaneStock {
  readonly #parts: StockParts;
  readonly #queue: LaneQueue;
  /** Positions of packets that wait on disk alone, oldest first. */
  readonly #parked = new Fifo<number>();
  #writing = 0;
  #writingBytes = 0;
  #loading = 0;
  #lastOrder = 0;
  /** CRITICAL packets in memory that are on no disk. */
  #undurable = 0;
  #isClosed = false;

  constructor(parts: StockParts) {
    this.#parts = parts;
    this.#queue = new LaneQueue(parts.limits.bytesMax);
    for (const position of parts.leftOver) this.#parked.push(position);
    parts.ledger.recovered = parts.leftOver.length;
  }

  get waitingCount(): number {
    return this.#queue.count;
  }

  queued(): Omit<LaneAccount['queued'], 'inFlight'> & { readonly bytes: number } {
    return {
      memory: this.#queue.count,
      disk: this.#parked.length + this.#loading,
      writing: this.#writing,
      bytes: this.#queue.bytes + this.#writingBytes,
    };
  }

  /** Accepts or drops at once. */
  offer(given: LaneItem): OfferOutcome {
    this.#parts.ledger.emitted += 1;
    const item = this.#ordered(given);
    if (item.priority !== 'CRITICAL') return { accepted: this.#enqueue(item), durable: NOT_DURABLE };
    if (this.#writingBytes + item.bytes.byteLength > this.#parts.limits.bytesMax) {
      this.drop('lane_full', item.priority);
      return { accepted: false, durable: NOT_DURABLE };
    }
    return { accepted: true, durable: this.#persist(item) };
  }

  /** A packet that had been given up. One that is still on disk needs no second place there. */
  offerAgain(item: LaneItem): void {
    if (item.position === undefined) {
      this.offer(item);
      return;
    }
    this.#parts.ledger.emitted += 1;
    this.#place(this.#ordered(item), item.position);
  }

  /** The most urgent and oldest, up to `countMax`. */
  take(countMax: number): readonly LaneItem[] {
    const items: LaneItem[] = [];
    while (items.length < countMax) {
      const item = this.#queue.take();
      if (item === undefined) break;
      items.push(item);
    }
    return items;
  }

  /** What was taken and did not arrive. */
  putBack(items: readonly LaneItem[]): void {
    this.#queue.putBack(items);
  }

  /** What was taken has arrived: it needs neither disk nor reserve any more. */
  settle(items: readonly LaneItem[]): void {
    for (const item of items) this.#forget(item);
  }

  /** What was taken is given up. What is on disk stays there for the next process. */
  giveUp(items: readonly LaneItem[], reason: DropReason): void {
    for (const item of items) {
      if (item.position === undefined && item.priority === 'CRITICAL') this.#undurable -= 1;
      this.drop(reason, item.priority);
    }
  }

  drop(reason: DropReason, priority: MessagePriority): void {
    this.#parts.ledger.dropped[reason] += 1;
    this.#parts.onDrop(reason, priority);
  }

  /** Reads packets that wait on disk alone back into memory, when memory is empty. */
  refill(): void {
    if (this.#loading > 0 || this.#parked.length === 0 || this.#queue.count > 0) return;
    const positions: number[] = [];
    while (positions.length < this.#parts.limits.summaryPacketsMax) {
      const position = this.#parked.shift();
      if (position === undefined) break;
      positions.push(position);
    }
    this.#loading = positions.length;
    void this.#load(positions);
  }

  /** Takes no more into memory, and writes to disk what is in memory alone. Resolves to how many could not be written. */
  async close(inFlight: readonly LaneItem[]): Promise<number> {
    this.#isClosed = true;
    const volatile = [...this.take(Number.POSITIVE_INFINITY), ...inFlight];
    this.#writing += volatile.length;
    const kept = await Promise.all(volatile.map((item) => this.#keep(item)));
    return kept.filter((isKept) => !isKept).length;
  }

  #ordered(item: LaneItem): LaneItem {
    this.#lastOrder += 1;
    return { ...item, order: this.#lastOrder };
  }

  async #persist(item: LaneItem): Promise<boolean> {
    const size = item.bytes.byteLength;
    this.#writing += 1;
    this.#writingBytes += size;
    const position = await this.#parts.store.append(item).catch(() => undefined);
    this.#writing -= 1;
    this.#writingBytes -= size;
    if (position === undefined) this.#reserve(item);
    else this.#place({ ...item, position }, position);
    return position !== undefined;
  }

  /** On disk: to memory as well, while there is room and nothing older waits on disk alone. */
  #place(item: LaneItem, position: number): void {
    const isBehind = this.#parked.length > 0 || this.#loading > 0 || this.#isClosed;
    if (!isBehind && this.#queue.hasRoomFor(item.bytes.byteLength)) {
      this.#enqueue(item);
    } else if (this.#parked.length < this.#parts.limits.parkedMax) {
      this.#parked.push(position);
      this.#parts.onChange();
    } else {
      this.#parts.store.settle(position);
      this.drop('disk_full', item.priority);
    }
  }

  /** The journal failed: a bounded number of packets may go on without it. */
  #reserve(item: LaneItem): void {
    if (this.#undurable >= this.#parts.limits.reserveMax) {
      this.drop('journal_failed', item.priority);
      return;
    }
    this.#parts.ledger.undurable += 1;
    this.#undurable += 1;
    this.#enqueue(item);
  }

  /** False when the item itself found no room. */
  #enqueue(item: LaneItem): boolean {
    const shed = this.#queue.push(item);
    for (const victim of shed) {
      this.#forget(victim);
      this.drop(victim === item ? 'lane_full' : 'shed', victim.priority);
    }
    this.#parts.onChange();
    return !shed.includes(item);
  }

  #forget(item: LaneItem): void {
    if (item.position !== undefined) this.#parts.store.settle(item.position);
    else if (item.priority === 'CRITICAL') this.#undurable -= 1;
  }

  async #load(positions: readonly number[]): Promise<void> {
    const loaded = await this.#parts.store.load(positions, this.#parts.limits.bytesMax).catch(() => undefined);
    this.#loading = 0;
    this.#parked.unshift(loaded === undefined ? positions : loaded.unread);
    if (loaded === undefined) {
      this.#parts.onLoadFailed();
      return;
    }
    this.#queue.putBack(loaded.items.map((item) => this.#ordered(item)));
    for (const position of loaded.unreadable) {
      this.#parts.store.settle(position);
      this.drop('journal_failed', 'CRITICAL');
    }
    this.#parts.onChange();
  }

  async #keep(item: LaneItem): Promise<boolean> {
    const position = item.position ?? (await this.#parts.store.append(item).catch(() => undefined));
    this.#writing -= 1;
    if (position !== undefined) this.#parked.push(position);
    else this.drop('closed', item.priority);
    return position !== undefined;
  }
}
