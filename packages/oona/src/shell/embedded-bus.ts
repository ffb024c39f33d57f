import { type BusEnvelope, LeylineError } from '@esper/leyline';
import { err, ok } from '@esper/std';
import { JournalSpan } from '../core/journal-span.js';
import { StreamLog, type StreamLogs } from '../core/stream-log.js';
import { OonaError, type OonaErrorCode } from '../errors.js';
import type { EmbeddedBusOptions, ResolvedEmbeddedBusOptions } from '../options.js';
import { resolveEmbeddedBusOptions } from '../options.js';
import {
  BUS_STREAMS,
  type Bus,
  type BusCounters,
  type BusHealth,
  type BusStream,
  type DeliveryHandler,
  type Journal,
  type PublishResult,
  type StreamDepth,
  type Subscription,
  type Timers,
} from '../ports.js';
import { encodeMessageRecord } from '../wire/outbox-record.js';
import { CallOrder } from './call-order.js';
import { CursorKeeper } from './cursor-keeper.js';
import { type ConsumerHost, type FailedEntry, GroupConsumer } from './group-consumer.js';
import { recoverOutbox } from './recover-outbox.js';

/** What the embedded bus needs from outside. */
export interface EmbeddedBusPorts {
  readonly journal: Journal;
  readonly timers: Timers;
}

/**
 * Opens the bus inside this process: messages are durable in the journal before `publish` resolves, survive a crash, and
 * are delivered at least once to each group. Rejects with `OONA_JOURNAL_UNREADABLE`, or with what reading the journal
 * rejected with.
 */
export async function openEmbeddedBus(ports: EmbeddedBusPorts, options: EmbeddedBusOptions = {}): Promise<Bus> {
  const resolved = resolveEmbeddedBusOptions(options);
  const logs = Object.fromEntries(
    BUS_STREAMS.map((stream) => [stream, new StreamLog(resolved)]),
  ) as unknown as StreamLogs;
  const recovered = await recoverOutbox(ports.journal, logs);
  return new EmbeddedBus(ports, resolved, { logs, recovered });
}

interface PendingPublish {
  readonly sizeBytes: number;
  readonly result: Promise<PublishResult>;
}

class EmbeddedBus implements Bus {
  readonly #ports: EmbeddedBusPorts;
  readonly #options: ResolvedEmbeddedBusOptions;
  readonly #logs: StreamLogs;
  readonly #span: JournalSpan;
  readonly #order = new CallOrder();
  readonly #keeper: CursorKeeper;
  readonly #consumers = new Map<string, GroupConsumer>();
  /** Appends under way, by stream and message id. */
  readonly #pending = new Map<string, PendingPublish>();
  readonly #refused = new Map<OonaErrorCode, number>();
  readonly #counters = { published: 0, duplicates: 0, delivered: 0, retried: 0, deadLettered: 0, recovered: 0 };
  #pendingBytes = 0;
  #failure = '';
  #closing: Promise<void> | undefined;

  constructor(
    ports: EmbeddedBusPorts,
    options: ResolvedEmbeddedBusOptions,
    state: { readonly logs: StreamLogs; readonly recovered: number },
  ) {
    this.#ports = ports;
    this.#options = options;
    this.#logs = state.logs;
    this.#span = new JournalSpan(state.logs, options.journalSpanMax);
    this.#counters.recovered = state.recovered;
    this.#keeper = new CursorKeeper({
      ...ports,
      logs: state.logs,
      order: this.#order,
      everyMax: options.acknowledgedEveryMax,
      everyMs: options.acknowledgedEveryMs,
      onOutcome: (failure) => {
        this.#failure = failure;
      },
    });
  }

  publish(stream: BusStream, envelope: BusEnvelope): Promise<PublishResult> {
    const isPublic = (BUS_STREAMS as readonly string[]).includes(stream) && stream !== 'oona.deadletter';
    if (!isPublic)
      return this.#refuse('OONA_UNKNOWN_STREAM', `no stream "${String(stream).slice(0, 32)}" to publish to`);
    if (this.#closing !== undefined) return this.#refuse('OONA_CLOSED', 'the bus is closed', true);
    return this.#accept(stream, envelope);
  }

  async subscribe(stream: BusStream, group: string, handler: DeliveryHandler): Promise<Subscription> {
    if (this.#closing !== undefined) throw new OonaError('OONA_CLOSED', 'subscribe on a closed bus');
    const key = `${stream} ${group}`;
    if (this.#consumers.has(key)) throw new OonaError('OONA_GROUP_BUSY', `${group} already reads ${stream}`);
    const log = this.#logs[stream];
    const isNew = !log.hasGroup(group);
    log.addGroup(group);
    const consumer = new GroupConsumer({ stream, group, log }, handler, this.#consumerHost());
    this.#consumers.set(key, consumer);
    // From here on the stream keeps what this group has not read, also over a restart.
    if (isNew) await this.#keeper.writeDown();
    return {
      close: async () => {
        await consumer.close();
        if (this.#consumers.get(key) === consumer) this.#consumers.delete(key);
      },
    };
  }

  async dropGroup(stream: BusStream, group: string): Promise<void> {
    if (this.#consumers.has(`${stream} ${group}`)) {
      throw new OonaError('OONA_GROUP_BUSY', `${group} still reads ${stream}`);
    }
    this.#logs[stream].dropGroup(group);
    await this.#keeper.writeDown();
  }

  depth(stream: BusStream): StreamDepth {
    const log = this.#logs[stream];
    const groups = [...log.cursors().keys()];
    const unacknowledged = Object.fromEntries(groups.map((group) => [group, log.unacknowledged(group)]));
    return { entries: log.entryCount, bytes: log.bytes, unacknowledged };
  }

  health(): BusHealth {
    if (this.#closing !== undefined) return { status: 'closed', reason: 'closed' };
    if (this.#failure !== '') return { status: 'degraded', reason: this.#failure };
    const held = this.#span.heldBack();
    if (held === undefined) return { status: 'ready', reason: '' };
    return { status: 'degraded', reason: `journal: grows, since a group does not acknowledge ${held}` };
  }

  counters(): BusCounters {
    return {
      ...this.#counters,
      trimmed: this.#span.trimmedCount,
      rejected: {},
      refused: Object.fromEntries(this.#refused),
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#consumers.values()].map((consumer) => consumer.close()));
    this.#consumers.clear();
    await this.#order.idle();
    await this.#keeper.close();
  }

  #accept(stream: BusStream, envelope: BusEnvelope): Promise<PublishResult> {
    const key = `${stream} ${envelope.messageId}`;
    const known = this.#logs[stream].positionOf(envelope.messageId);
    if (known !== undefined) return Promise.resolve(this.#duplicate(known));
    const pending = this.#pending.get(key);
    if (pending !== undefined) {
      return pending.result.then((result) => (result.ok ? this.#duplicate(result.value.position) : result));
    }
    const encoded = encodeOrReason(stream, envelope);
    if (typeof encoded === 'string') return this.#refuse('OONA_ENVELOPE_INVALID', encoded);
    if (!this.#hasRoom(stream, encoded.byteLength)) {
      return this.#refuse('OONA_FULL', `${stream} holds as much as it may`, true);
    }
    // The caller keeps its object; ours must stay what was made durable.
    const kept = { ...envelope, payload: new Uint8Array(envelope.payload), attributes: { ...envelope.attributes } };
    return this.#append({ stream, envelope: kept, key }, encoded);
  }

  #append(
    message: { readonly stream: BusStream; readonly envelope: BusEnvelope; readonly key: string },
    bytes: Uint8Array,
  ): Promise<PublishResult> {
    const { stream, envelope, key } = message;
    const sizeBytes = bytes.byteLength;
    this.#pendingBytes += sizeBytes;
    const result = this.#order.enter(append(this.#ports.journal, bytes), (outcome): PublishResult => {
      this.#pending.delete(key);
      this.#pendingBytes -= sizeBytes;
      if (outcome.status === 'rejected') return this.#journalFailed(outcome.reason);
      this.#failure = '';
      const position = outcome.value;
      this.#logs[stream].add({ position, messageId: envelope.messageId, envelope, sizeBytes });
      this.#counters.published += 1;
      const givenUp = this.#span.added(position);
      if (givenUp > 0) this.#keeper.settled(givenUp);
      this.#notify(stream);
      return ok({ position, duplicate: false });
    });
    this.#pending.set(key, { sizeBytes, result });
    return result;
  }

  #duplicate(position: number): PublishResult {
    this.#counters.duplicates += 1;
    return ok({ position, duplicate: true });
  }

  #hasRoom(stream: BusStream, sizeBytes: number): boolean {
    const log = this.#logs[stream];
    if (log.isFull() || this.#pending.size >= this.#options.entriesMax) return false;
    // Streams that nobody reads give way before anyone is refused.
    while (this.#bytesWith(sizeBytes) > this.#options.bytesMax) {
      if (!BUS_STREAMS.some((other) => this.#logs[other].evictOne())) return false;
    }
    return true;
  }

  #bytesWith(sizeBytes: number): number {
    return BUS_STREAMS.reduce((sum, stream) => sum + this.#logs[stream].bytes, this.#pendingBytes + sizeBytes);
  }

  #notify(stream: BusStream): void {
    for (const [key, consumer] of this.#consumers) if (key.startsWith(`${stream} `)) consumer.notify();
  }

  #journalFailed(cause: unknown): PublishResult {
    // Names only: a message of the system may quote paths.
    this.#failure = `journal: ${cause instanceof Error ? cause.name : 'failed'}`;
    this.#countRefusal('OONA_JOURNAL_FAILED');
    return err({ code: 'OONA_JOURNAL_FAILED', retryable: true, reason: this.#failure });
  }

  #refuse(code: OonaErrorCode, reason: string, retryable = false): Promise<PublishResult> {
    this.#countRefusal(code);
    return Promise.resolve(err({ code, reason, retryable }));
  }

  #countRefusal(code: OonaErrorCode): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
  }

  #consumerHost(): ConsumerHost {
    const { attemptsMax, retryDelayMs, handlerDeadlineMs } = this.#options;
    return {
      timers: this.#ports.timers,
      attemptsMax,
      retryDelayMs,
      handlerDeadlineMs,
      onDelivered: () => {
        this.#counters.delivered += 1;
      },
      onRetry: () => {
        this.#counters.retried += 1;
      },
      acknowledge: (stream, group, position) => {
        this.#logs[stream].acknowledge(group, position);
        this.#keeper.settled();
      },
      deadLetter: (failed) => this.#deadLetter(failed),
    };
  }

  async #deadLetter(failed: FailedEntry): Promise<boolean> {
    const { stream, group, attempts, envelope } = failed;
    // One entry can fail in several groups: each is a dead letter of its own.
    const messageId = `${group}:${envelope.messageId}`.slice(0, 256);
    const attributes = { ...envelope.attributes, origin_stream: stream, group, attempts: `${attempts}` };
    const result = await this.#accept('oona.deadletter', { ...envelope, messageId, attributes });
    if (result.ok) this.#counters.deadLettered += 1;
    return result.ok;
  }
}

/** A journal that throws instead of rejecting is a journal that failed. */
async function append(journal: Journal, bytes: Uint8Array): Promise<number> {
  return await journal.append(bytes);
}

function encodeOrReason(stream: BusStream, envelope: BusEnvelope): Uint8Array | string {
  try {
    return encodeMessageRecord(stream, envelope);
  } catch (cause) {
    if (cause instanceof LeylineError) return cause.message;
    throw cause;
  }
}
