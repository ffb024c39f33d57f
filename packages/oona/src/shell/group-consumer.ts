import type { BusEnvelope } from '@esper/leyline';
import type { StreamEntry, StreamLog } from '../core/stream-log.js';
import type { BusStream, DeliveryHandler, Timers } from '../ports.js';
import { attemptDelivery, retryDelay } from './attempt-delivery.js';

/** What a consumer asks of the bus it belongs to. */
export interface ConsumerHost {
  readonly timers: Timers;
  readonly attemptsMax: number;
  readonly retryDelayMs: number;
  readonly handlerDeadlineMs: number;
  /** Called once per delivery that succeeded. */
  onDelivered(): void;
  onRetry(): void;
  /** The group is done with this position. */
  acknowledge(stream: BusStream, group: string, position: number): void;
  /** Resolves true when the entry stands durably on the dead-letter stream. */
  deadLetter(failed: FailedEntry): Promise<boolean>;
}

/** An entry whose last attempt failed. */
export interface FailedEntry {
  readonly stream: BusStream;
  readonly group: string;
  readonly attempts: number;
  readonly envelope: BusEnvelope;
}

/** Delivers one stream to one group, in order and one at a time, until it is closed. */
export class GroupConsumer {
  readonly #stream: BusStream;
  readonly #group: string;
  readonly #log: StreamLog<BusEnvelope>;
  readonly #handler: DeliveryHandler;
  readonly #host: ConsumerHost;
  #isClosed = false;
  #wake: (() => void) | undefined;
  #isWoken = false;
  readonly #done: Promise<void>;

  constructor(
    source: { readonly stream: BusStream; readonly group: string; readonly log: StreamLog<BusEnvelope> },
    handler: DeliveryHandler,
    host: ConsumerHost,
  ) {
    this.#stream = source.stream;
    this.#group = source.group;
    this.#log = source.log;
    this.#handler = handler;
    this.#host = host;
    this.#done = this.#run();
  }

  /** There may be something new. */
  notify(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  /** Takes no further message and resolves when the one in hand is settled. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.notify();
    return this.#done;
  }

  async #run(): Promise<void> {
    // The caller gets its subscription before the first delivery.
    await Promise.resolve();
    while (!this.#isClosed) {
      const entry = this.#log.next(this.#group);
      if (entry === undefined) await this.#sleep();
      else if (await this.#settle(entry)) this.#host.acknowledge(this.#stream, this.#group, entry.position);
    }
  }

  /** True when the group is done with the entry: handled, or dead-lettered. */
  async #settle(entry: StreamEntry<BusEnvelope>): Promise<boolean> {
    for (let attempt = 1; !this.#isClosed; attempt += 1) {
      if (await this.#attempt(entry, attempt)) {
        this.#host.onDelivered();
        return true;
      }
      if (attempt >= this.#host.attemptsMax && (await this.#giveUp(entry, attempt))) return true;
      this.#host.onRetry();
      await this.#sleep(retryDelay(this.#host.retryDelayMs, attempt));
    }
    return false;
  }

  #giveUp(entry: StreamEntry<BusEnvelope>, attempts: number): Promise<boolean> {
    const { envelope } = entry;
    return this.#host.deadLetter({ stream: this.#stream, group: this.#group, attempts, envelope });
  }

  #attempt({ position, envelope }: StreamEntry<BusEnvelope>, attempt: number): Promise<boolean> {
    const delivery = { stream: this.#stream, group: this.#group, position, envelope, attempt };
    return attemptDelivery(this.#handler, delivery, {
      timers: this.#host.timers,
      deadlineMs: this.#host.handlerDeadlineMs,
    });
  }

  /** Until notified; with `delayMs`, for that long, and only closing ends it early. */
  async #sleep(delayMs?: number): Promise<void> {
    if (this.#isClosed || (delayMs === undefined && this.#isWoken)) {
      this.#isWoken = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const cancel = delayMs === undefined ? undefined : this.#host.timers.after(delayMs, resolve);
      this.#wake = () => {
        if (delayMs !== undefined && !this.#isClosed) return;
        cancel?.();
        resolve();
      };
    });
    this.#wake = undefined;
    this.#isWoken = false;
  }
}
