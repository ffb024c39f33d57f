import type { BusEnvelope } from '@esper/leyline';
import type { Result } from '@esper/std';
import type { OonaErrorCode } from './errors.js';

/** The streams of the bus. What arrives on the dead-letter stream was given up by a consumer. */
export const BUS_STREAMS = [
  'oona.normal',
  'oona.emergency',
  'oona.telemetry',
  'oona.policy',
  'oona.deadletter',
] as const;
export type BusStream = (typeof BUS_STREAMS)[number];

/** The message is durable and will be delivered to every group of the stream at least once. */
export interface PublishReceipt {
  /** Rises with each message of the bus; the order of delivery within a stream. */
  readonly position: number;
  /** True when a message of this id was already there: nothing was added. */
  readonly duplicate: boolean;
}

/** The message was not taken. The publisher still owns it. */
export interface PublishRefusal {
  readonly code: OonaErrorCode;
  /** Whether the same message may be taken later. */
  readonly retryable: boolean;
  readonly reason: string;
}

export type PublishResult = Result<PublishReceipt, PublishRefusal>;

/** One message for one group. */
export interface Delivery {
  readonly stream: BusStream;
  readonly group: string;
  readonly position: number;
  readonly envelope: BusEnvelope;
  /** 1 the first time. The same message may come again after a crash: effects must be keyed by `messageId`. */
  readonly attempt: number;
}

/**
 * Resolves to acknowledge. Rejecting, throwing or taking longer than the handler deadline means "not done": the message comes
 * again, and after the last attempt goes to the dead-letter stream.
 */
export type DeliveryHandler = (delivery: Delivery) => Promise<void>;

export interface Subscription {
  /** Takes no further message, waits for the one in hand. What is not acknowledged stays for the next subscriber. */
  close(): Promise<void>;
}

export interface StreamDepth {
  /** Messages kept: not yet acknowledged by every group, or retained for a group to come. */
  readonly entries: number;
  readonly bytes: number;
  /** Not yet acknowledged, by group. */
  readonly unacknowledged: Readonly<Record<string, number>>;
}

export interface BusHealth {
  readonly status: 'ready' | 'degraded' | 'closed';
  /** Why it is not ready; empty when it is. */
  readonly reason: string;
}

/** What was counted since the bus was opened. */
export interface BusCounters {
  readonly published: number;
  readonly duplicates: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly delivered: number;
  readonly retried: number;
  readonly deadLettered: number;
  /** Entries that were not delivered, by reason: `invalid_signature`, `replayed`, `stale` and the like. Always empty when embedded. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Removed by retention before any group existed to read them. */
  readonly trimmed: number;
  /** Messages found on opening that had not been acknowledged. */
  readonly recovered: number;
}

/** A message bus with named consumer groups. Every adapter passes `busContract` of `@esper/oona/testing`. */
export interface Bus {
  /** Resolves when the message is durable, or refused with a reason. Never rejects. Calls are taken in order. */
  publish(stream: BusStream, envelope: BusEnvelope): Promise<PublishResult>;
  /**
   * Delivers to `handler` in order, one at a time. A new group sees what the stream still holds. Rejects with
   * `OONA_GROUP_BUSY` while the group has a subscriber here, and with `OONA_CLOSED`.
   */
  subscribe(stream: BusStream, group: string, handler: DeliveryHandler): Promise<Subscription>;
  /** Forgets a group that will not come back: what only it had not read is let go. Rejects with `OONA_GROUP_BUSY`. */
  dropGroup(stream: BusStream, group: string): Promise<void>;
  /** Now, or at the last look of an adapter that has to ask another machine. */
  depth(stream: BusStream): StreamDepth;
  health(): BusHealth;
  counters(): BusCounters;
  /** Stops delivery and resolves when everything accepted is durable. Idempotent. */
  close(): Promise<void>;
}

/** One record of a journal and where it stands. */
export interface JournalRecord {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** A durable log of opaque bytes, as the embedded bus needs it. */
export interface Journal {
  /** Resolves with the record's position when it is durable. Positions rise in the order of the calls. */
  append(bytes: Uint8Array): Promise<number>;
  /** Everything appended and not forgotten, oldest first. */
  read(): AsyncIterable<JournalRecord>;
  /** Records up to and including `position` are needed no more. May take effect late or not at all. */
  forgetThrough(position: number): Promise<void>;
}

/** One-shot timers. */
export interface Timers {
  /** Calls `run` once after `delayMs`; the answer cancels. */
  after(delayMs: number, run: () => void): () => void;
}
