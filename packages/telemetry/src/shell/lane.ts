import type { BusEnvelope, MessagePriority } from '@esper/leyline';
import type { MonoClock, WallClock } from '@esper/std';
import type { LaneItem } from '../core/lane-queue.js';
import { type DropReason, type LaneAccount, Ledger } from '../core/ledger.js';
import type { MessageIds, TelemetryBus, TelemetryStream, Timers } from '../ports.js';
import { BlindTime } from './blind-time.js';
import { DeadLetters } from './dead-letters.js';
import { LaneStock, type OfferOutcome, type StockLimits, type StockParts } from './lane-stock.js';
import { RateGate } from './rate-gate.js';
import { type Shipment, singleShipment, summaryShipment } from './shipment.js';

/** Bounds of one lane. */
export interface LaneLimits extends StockLimits {
  readonly perMinuteMax: number;
  readonly inFlightMax: number;
  readonly lingerMs: number;
  readonly retryDelayMs: number;
  readonly deadLettersMax: number;
}

/** What one lane is made of. Lanes share nothing but the store and the ports. */
export interface LaneParts extends Pick<StockParts, 'store' | 'leftOver' | 'onDrop'> {
  readonly stream: TelemetryStream;
  readonly bus: TelemetryBus;
  readonly clock: WallClock & MonoClock;
  readonly timers: Timers;
  readonly ids: MessageIds;
  readonly limits: LaneLimits;
}

const RETRY_DOUBLINGS_MAX = 6;

/** One lane: takes packets at once, delivers them when it can, and accounts for every one of them. */
export class Lane {
  readonly #parts: LaneParts;
  readonly #ledger = new Ledger();
  readonly #stock: LaneStock;
  readonly #gate: RateGate;
  readonly #blind: BlindTime;
  readonly #deadLetters: DeadLetters;
  readonly #inFlight = new Set<Shipment>();
  #failuresInRow = 0;
  /** At most one of each is set: a look at the queue, one after the linger, the end of a wait for a token or after a failure. */
  #isLookSet = false;
  #isLingering = false;
  #isTokenWaitSet = false;
  #isBackingOff = false;
  #isStopped = false;
  #isHurried = false;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.#gate = new RateGate(parts.limits.perMinuteMax, parts.clock);
    this.#blind = new BlindTime(parts.clock);
    this.#deadLetters = new DeadLetters(parts.limits.deadLettersMax);
    this.#stock = new LaneStock({
      store: parts.store,
      ledger: this.#ledger,
      limits: parts.limits,
      leftOver: parts.leftOver,
      onDrop: parts.onDrop,
      onChange: () => this.#lookSoon(),
      onLoadFailed: () => this.#backOff(),
    });
    this.#look();
  }

  /** Accepts or drops at once. */
  offer(item: LaneItem): OfferOutcome {
    return this.#stock.offer(item);
  }

  /** A packet that never became an item. */
  dropUnseen(reason: DropReason, priority: MessagePriority): void {
    this.#ledger.emitted += 1;
    this.#stock.drop(reason, priority);
  }

  account(): LaneAccount {
    const { memory, disk, writing, bytes } = this.#stock.queued();
    let inFlight = 0;
    for (const { items } of this.#inFlight) inFlight += items.length;
    const { emitted, recovered, deliveredAlone, deliveredInSummary, summaries, undurable, dropped } = this.#ledger;
    return {
      emitted,
      recovered,
      deliveredAlone,
      deliveredInSummary,
      summaries,
      undurable,
      dropped: { ...dropped },
      queued: { memory, disk, writing, inFlight },
      queuedBytes: bytes,
      blindMs: this.#blind.totalMs(),
    };
  }

  /** From now on nothing is held back by the rate: what waits goes out in summaries. */
  hurry(): void {
    this.#gate.open();
    this.#isHurried = true;
    this.#look();
  }

  isEmpty(): boolean {
    const { memory, disk, writing } = this.#stock.queued();
    return memory + disk + writing + this.#inFlight.size === 0;
  }

  /** Sends no more, and writes to disk what is in memory alone. Resolves to how many could not be written. */
  stop(): Promise<number> {
    this.#isStopped = true;
    const inFlight = [...this.#inFlight].flatMap(({ items }) => items);
    this.#inFlight.clear();
    return this.#stock.close(inFlight);
  }

  /** Puts packets that the bus had refused for good back into the lane. */
  requeue(countMax: number): number {
    const items = this.#deadLetters.takeUpTo(countMax);
    for (const item of items) this.#stock.offerAgain(item);
    return items.length;
  }

  /** Packets that come one by one wait for each other; a full round does not wait. */
  #lookSoon(): void {
    const { lingerMs, inFlightMax } = this.#parts.limits;
    if (lingerMs === 0 || this.#isHurried || this.#stock.waitingCount >= inFlightMax) this.#look();
    else if (!this.#isLingering) {
      this.#isLingering = true;
      this.#parts.timers.after(lingerMs, () => {
        this.#isLingering = false;
        this.#look();
      });
    }
  }

  /** Looks for work in a moment: whoever emits does not wait for the bus. */
  #look(): void {
    if (this.#isLookSet || this.#isStopped) return;
    this.#isLookSet = true;
    queueMicrotask(() => {
      this.#isLookSet = false;
      this.#work();
    });
  }

  #work(): void {
    if (this.#isStopped || this.#isBackingOff) return;
    this.#stock.refill();
    // RT-10: after a failure one message is the probe; the rest follows once it was taken.
    const inFlightMax = this.#failuresInRow > 0 ? 1 : this.#parts.limits.inFlightMax;
    while (this.#inFlight.size < inFlightMax && this.#stock.waitingCount > 0) {
      const shipment = this.#nextShipment();
      if (shipment === undefined) return;
      this.#inFlight.add(shipment);
      void this.#ship(shipment);
    }
  }

  #nextShipment(): Shipment | undefined {
    const decision = this.#gate.ask(this.#stock.waitingCount);
    if (decision.kind === 'wait') {
      this.#waitForToken(decision.waitMs);
      return undefined;
    }
    const { clock, ids, limits } = this.#parts;
    const items = this.#stock.take(decision.kind === 'summary' ? limits.summaryPacketsMax : 1);
    const [first] = items;
    if (first === undefined) return undefined;
    const sentAtMs = clock.wallMs();
    return items.length === 1
      ? singleShipment(first, sentAtMs)
      : summaryShipment(items, { messageId: ids.messageId(), sentAtMs });
  }

  #waitForToken(waitMs: number): void {
    if (this.#isTokenWaitSet) return;
    this.#isTokenWaitSet = true;
    this.#parts.timers.after(waitMs, () => {
      this.#isTokenWaitSet = false;
      this.#look();
    });
  }

  async #ship(shipment: Shipment): Promise<void> {
    this.#blind.sending();
    const outcome = await publish(this.#parts, shipment.envelope);
    // Stopped meanwhile: its packets were written to disk, and may come again under the same ids.
    if (!this.#inFlight.delete(shipment)) return;
    if (outcome === 'taken') this.#delivered(shipment.items);
    else if (outcome === 'later') this.#postponed(shipment.items);
    else this.#refused(shipment.items);
  }

  #delivered(items: readonly LaneItem[]): void {
    this.#blind.delivered(this.#inFlight.size > 0);
    this.#failuresInRow = 0;
    if (items.length === 1) {
      this.#ledger.deliveredAlone += 1;
    } else {
      this.#ledger.deliveredInSummary += items.length;
      this.#ledger.summaries += 1;
    }
    this.#stock.settle(items);
    this.#lookSoon();
  }

  #postponed(items: readonly LaneItem[]): void {
    this.#stock.putBack(items);
    this.#gate.giveBack();
    this.#backOff();
  }

  /** The bus will never take it: dead letters. */
  #refused(items: readonly LaneItem[]): void {
    // A clear no is an answer: somebody is there.
    this.#blind.delivered(this.#inFlight.size > 0);
    for (const item of items) this.#deadLetters.add(item);
    this.#stock.giveUp(items, 'refused');
    this.#look();
  }

  #backOff(): void {
    if (this.#isBackingOff) return;
    this.#isBackingOff = true;
    const delayMs = this.#parts.limits.retryDelayMs * 2 ** Math.min(this.#failuresInRow, RETRY_DOUBLINGS_MAX);
    this.#failuresInRow += 1;
    this.#parts.timers.after(delayMs, () => {
      this.#isBackingOff = false;
      this.#look();
    });
  }
}

type Outcome = 'taken' | 'refused' | 'later';

async function publish({ bus, stream }: LaneParts, envelope: BusEnvelope): Promise<Outcome> {
  try {
    const result = await bus.publish(stream, envelope);
    if (result.ok) return 'taken';
    return result.error.retryable ? 'later' : 'refused';
  } catch {
    // A bus that rejects has not said that it took the message; whether it did, the message id will tell it.
    return 'later';
  }
}
