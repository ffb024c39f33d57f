import { MESSAGE_PRIORITIES, type MessagePriority, type TelemetryLevel } from '@esper/leyline';
import { Fifo } from './fifo.js';

/** A packet on its way, encoded. */
export interface LaneItem {
  readonly messageId: string;
  readonly packetId: string;
  readonly priority: MessagePriority;
  readonly level: TelemetryLevel;
  /** The name of its first event, for summaries. */
  readonly headline: string;
  readonly bytes: Uint8Array;
  /** Rises with each packet that enters the lane; what comes back from a failed attempt finds its place by it. */
  readonly order: number;
  /** Where it stands on disk, when it does. */
  readonly position?: number;
}

const MOST_URGENT_FIRST = (Object.keys(MESSAGE_PRIORITIES) as MessagePriority[]).sort(
  (a, b) => MESSAGE_PRIORITIES[b] - MESSAGE_PRIORITIES[a],
);
const LEAST_URGENT_FIRST = [...MOST_URGENT_FIRST].reverse();

/** What waits in one lane: the most urgent first, the oldest first among equals, bounded by bytes. */
export class LaneQueue {
  readonly #bytesMax: number;
  readonly #fifos: Readonly<Record<MessagePriority, Fifo<LaneItem>>>;
  #bytes = 0;
  #count = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#fifos = {
      UNSPECIFIED: new Fifo(),
      LOW: new Fifo(),
      NORMAL: new Fifo(),
      HIGH: new Fifo(),
      CRITICAL: new Fifo(),
    };
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#count;
  }

  countOf(priority: MessagePriority): number {
    return this.#fifos[priority].length;
  }

  hasRoomFor(sizeBytes: number): boolean {
    return this.#bytes + sizeBytes <= this.#bytesMax;
  }

  /**
   * Adds `item`, first shedding less urgent ones, least urgent and oldest first, as far as that is needed. When it finds no room even
   * so, nothing was shed and `item` itself is among what is returned. Returns what was shed.
   */
  push(item: LaneItem): readonly LaneItem[] {
    const size = item.bytes.byteLength;
    if (this.#bytes + size - this.#sheddableBytes(item.priority, size) > this.#bytesMax) return [item];
    const shed: LaneItem[] = [];
    while (!this.hasRoomFor(size)) {
      const victim = this.#takeFrom(LEAST_URGENT_FIRST);
      if (victim === undefined) break;
      shed.push(victim);
    }
    this.#fifos[item.priority].push(item);
    this.#bytes += size;
    this.#count += 1;
    return shed;
  }

  /** Takes back what could not be delivered, to where it was, whatever the bound: it was inside it before. */
  putBack(items: readonly LaneItem[]): void {
    for (const priority of MOST_URGENT_FIRST) {
      const own = items.filter((item) => item.priority === priority);
      if (own.length > 0) this.#fifos[priority].putBack(own, ({ order }) => order);
    }
    for (const { bytes } of items) this.#bytes += bytes.byteLength;
    this.#count += items.length;
  }

  /** The most urgent and oldest. */
  take(): LaneItem | undefined {
    return this.#takeFrom(MOST_URGENT_FIRST);
  }

  #takeFrom(order: readonly MessagePriority[]): LaneItem | undefined {
    for (const priority of order) {
      const item = this.#fifos[priority].shift();
      if (item === undefined) continue;
      this.#bytes -= item.bytes.byteLength;
      this.#count -= 1;
      return item;
    }
    return undefined;
  }

  /** How much shedding could free below `priority`; looking stops at `enoughBytes`. */
  #sheddableBytes(priority: MessagePriority, enoughBytes: number): number {
    let bytes = 0;
    for (const lower of LEAST_URGENT_FIRST) {
      if (MESSAGE_PRIORITIES[lower] >= MESSAGE_PRIORITIES[priority]) break;
      bytes += this.#fifos[lower].sum((item) => item.bytes.byteLength, enoughBytes - bytes);
      if (bytes >= enoughBytes) break;
    }
    return bytes;
  }
}
