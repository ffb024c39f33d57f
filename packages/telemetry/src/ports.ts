import type { BusEnvelope, TelemetryPacket } from '@esper/leyline';
import type { Result } from '@esper/std';

/** The streams telemetry is published on. */
export type TelemetryStream = 'oona.emergency' | 'oona.telemetry';

/** Why the bus did not take a message. */
export interface BusRefusal {
  readonly code: string;
  /** Whether the same message may be taken later. */
  readonly retryable: boolean;
}

/** The bus, as far as telemetry uses it. */
export interface TelemetryBus {
  /** Resolves when the message is taken, or with a refusal. A rejection counts as a refusal that may pass. */
  publish(stream: TelemetryStream, envelope: BusEnvelope): Promise<Result<unknown, BusRefusal>>;
}

/** One record of a journal and where it stands. */
export interface JournalRecord {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** A durable log of opaque bytes, for what must not be lost. */
export interface TelemetryJournal {
  /** Resolves with the record's position when it is durable. Positions rise in the order of the calls. */
  append(bytes: Uint8Array): Promise<number>;
  /** The records after `position` that were not forgotten, oldest first; 0 for all. */
  read(afterPosition: number): AsyncIterable<JournalRecord>;
  /** Records up to and including `position` are needed no more. May take effect late or not at all. */
  forgetThrough(position: number): Promise<void>;
}

/** One-shot timers. */
export interface Timers {
  /**
   * Calls `run` once after `delayMs`; the answer cancels. With `keepsAlive` the process waits for it (draining does), else it may
   * end before.
   */
  after(delayMs: number, run: () => void, options?: { readonly keepsAlive: boolean }): () => void;
}

/** Unique names for messages. */
export interface MessageIds {
  messageId(): string;
}

/** Someone who wants to see every packet: metrics, logs, traces. It may throw, reject or hang without any effect. */
export interface TelemetryExporter {
  readonly name: string;
  export(packet: TelemetryPacket): void | Promise<void>;
}

/** Told, once each, what telemetry itself can no longer tell: CRITICAL packets that are lost. */
export interface LossReporter {
  criticalLost(reason: string, countTotal: number): void;
}
