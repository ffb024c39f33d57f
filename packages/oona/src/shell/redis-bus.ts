import type { BusEnvelope } from '@esper/leyline';
import { err, invariant, ok, type WallClock } from '@esper/std';
import type { RejectReason } from '../core/admission.js';
import { positionOfId } from '../core/entry-id.js';
import { OonaError, type OonaErrorCode } from '../errors.js';
import {
  BUS_STREAMS,
  type Bus,
  type BusCounters,
  type BusHealth,
  type BusStream,
  type DeliveryHandler,
  type PublishResult,
  type StreamDepth,
  type Subscription,
  type Timers,
} from '../ports.js';
import { type RedisBusOptions, type ResolvedRedisBusOptions, resolveRedisBusOptions } from '../redis-options.js';
import type { BusSigner, RedisConnection, RedisConnections } from '../redis-ports.js';
import { encodeEntry } from '../wire/redis-entry.js';
import type { PublishAnswer } from '../wire/redis-reply.js';
import { RedisReader, type RedisReaderHost } from './redis-reader.js';
import { type EntryFields, isRefusal, RedisStreams } from './redis-streams.js';
import { StreamKeeper } from './stream-keeper.js';

/** What the bus on Redis needs from outside. */
export interface RedisBusPorts {
  readonly connections: RedisConnections;
  /** Every entry is signed, and only entries whose signature holds are delivered. */
  readonly signer: BusSigner;
  readonly clock: WallClock;
  readonly timers: Timers;
  /** Name of this process among the consumers of a group; no other process may have it, nor this one after a restart. */
  readonly consumer: string;
}

/**
 * Opens the bus on Redis Streams (Redis 6.2 or later, one primary). Rejects with `OONA_OPTION_INVALID`, `OONA_UNREACHABLE` or
 * `OONA_REDIS_REFUSED`; once open it survives outages of Redis, refusing what it cannot hand over.
 */
export async function openRedisBus(ports: RedisBusPorts, options: RedisBusOptions = {}): Promise<Bus> {
  const resolved = resolveRedisBusOptions(options);
  const connection = await ports.connections.open();
  const streams = new RedisStreams(connection, ports.timers, resolved);
  const keeper = new StreamKeeper(streams, ports.timers, resolved.maintainEveryMs);
  try {
    await keeper.start();
  } catch (cause) {
    connection.close();
    throw cause;
  }
  return new RedisBus(ports, resolved, { connection, streams, keeper });
}

interface RedisBusParts {
  readonly connection: RedisConnection;
  readonly streams: RedisStreams;
  readonly keeper: StreamKeeper;
}

class RedisBus implements Bus {
  readonly #ports: RedisBusPorts;
  readonly #options: ResolvedRedisBusOptions;
  readonly #parts: RedisBusParts;
  readonly #readers = new Map<string, RedisReader | 'opening'>();
  readonly #publishing = new Set<Promise<unknown>>();
  readonly #refused = new Map<OonaErrorCode, number>();
  readonly #rejected = new Map<RejectReason, number>();
  readonly #counters = { published: 0, duplicates: 0, delivered: 0, retried: 0, deadLettered: 0 };
  readonly #recovered: number;
  #closing: Promise<void> | undefined;

  constructor(ports: RedisBusPorts, options: ResolvedRedisBusOptions, parts: RedisBusParts) {
    this.#ports = ports;
    this.#options = options;
    this.#parts = parts;
    this.#recovered = BUS_STREAMS.reduce((sum, stream) => sum + parts.keeper.depth(stream).entries, 0);
  }

  publish(stream: BusStream, envelope: BusEnvelope): Promise<PublishResult> {
    const isPublic = (BUS_STREAMS as readonly string[]).includes(stream) && stream !== 'oona.deadletter';
    if (!isPublic)
      return this.#refuse('OONA_UNKNOWN_STREAM', `no stream "${String(stream).slice(0, 32)}" to publish to`);
    if (this.#closing !== undefined) return this.#refuse('OONA_CLOSED', 'the bus is closed', true);
    if (this.#publishing.size >= this.#options.publishInFlightMax)
      return this.#refuse('OONA_FULL', 'too many messages wait for an answer of redis', true);
    const encoded = encodeEntry(stream, envelope);
    if (!encoded.ok) return this.#refuse('OONA_ENVELOPE_INVALID', encoded.error);
    const result = this.#handOver(stream, envelope.messageId, this.#signed(encoded.value));
    this.#publishing.add(result);
    void result.finally(() => this.#publishing.delete(result));
    return result;
  }

  async subscribe(stream: BusStream, group: string, handler: DeliveryHandler): Promise<Subscription> {
    if (this.#closing !== undefined) throw new OonaError('OONA_CLOSED', 'subscribe on a closed bus');
    const key = `${stream} ${group}`;
    if (this.#readers.has(key)) throw new OonaError('OONA_GROUP_BUSY', `${group} already reads ${stream}`);
    this.#readers.set(key, 'opening');
    try {
      // From here on the stream keeps what this group has not acknowledged.
      await this.#parts.streams.ensureGroup({ stream, group });
      const news = await this.#ports.connections.open();
      const source = { stream, group, consumer: this.#ports.consumer };
      const reader = new RedisReader(source, handler, this.#readerHost(stream, news));
      this.#readers.set(key, reader);
      return { close: () => this.#closeReader(key, reader) };
    } catch (cause) {
      this.#readers.delete(key);
      throw cause;
    }
  }

  async dropGroup(stream: BusStream, group: string): Promise<void> {
    if (this.#readers.has(`${stream} ${group}`)) {
      throw new OonaError('OONA_GROUP_BUSY', `${group} still reads ${stream}`);
    }
    await this.#parts.streams.dropGroup(stream, group);
    await this.#parts.keeper.maintain(stream);
  }

  /** As it was at the last look, at most `maintainEveryMs` ago while Redis answers. */
  depth(stream: BusStream): StreamDepth {
    return this.#parts.keeper.depth(stream);
  }

  health(): BusHealth {
    if (this.#closing !== undefined) return { status: 'closed', reason: 'closed' };
    const reason = this.#parts.keeper.trouble();
    return reason === '' ? { status: 'ready', reason } : { status: 'degraded', reason };
  }

  counters(): BusCounters {
    return {
      ...this.#counters,
      recovered: this.#recovered,
      trimmed: this.#parts.keeper.trimmedCount,
      rejected: Object.fromEntries(this.#rejected),
      refused: Object.fromEntries(this.#refused),
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const readers = [...this.#readers.values()].filter((reader) => reader !== 'opening');
    await Promise.all(readers.map((reader) => reader.close()));
    this.#readers.clear();
    await Promise.allSettled([...this.#publishing]);
    this.#parts.keeper.close();
    this.#parts.connection.close();
  }

  async #closeReader(key: string, reader: RedisReader): Promise<void> {
    await reader.close();
    if (this.#readers.get(key) === reader) this.#readers.delete(key);
  }

  async #handOver(stream: BusStream, messageId: string, fields: EntryFields): Promise<PublishResult> {
    try {
      const answer = await this.#published(stream, messageId, fields);
      this.#parts.keeper.note(undefined);
      return this.#resultOf(answer);
    } catch (cause) {
      this.#parts.keeper.note(cause);
      return this.#failed(cause);
    }
  }

  /** A full stream gets one chance: what everybody has acknowledged may not have been removed yet. */
  async #published(stream: BusStream, messageId: string, fields: EntryFields): Promise<PublishAnswer> {
    const answer = await this.#parts.streams.publish(stream, messageId, fields);
    if (answer.kind !== 'full') return answer;
    await this.#parts.keeper.maintain(stream);
    return this.#parts.streams.publish(stream, messageId, fields);
  }

  #resultOf(answer: PublishAnswer): PublishResult {
    if (answer.kind === 'full') {
      this.#countRefusal('OONA_FULL');
      return err({ code: 'OONA_FULL', retryable: true, reason: 'the stream is full' });
    }
    if (answer.kind === 'duplicate') {
      this.#counters.duplicates += 1;
      return ok({ position: answer.position, duplicate: true });
    }
    this.#counters.published += 1;
    this.#parts.keeper.trimmed(answer.trimmed);
    return ok({ position: positionOfId(answer.id), duplicate: false });
  }

  #failed(cause: unknown): PublishResult {
    invariant(cause instanceof OonaError, 'calls of redis fail with an OonaError');
    // Redis has no memory left: what a full stream is for the stream.
    const code = isRefusal(cause, 'OOM') ? 'OONA_FULL' : cause.code;
    this.#countRefusal(code);
    return err({ code, retryable: true, reason: cause.message });
  }

  #refuse(code: OonaErrorCode, reason: string, retryable = false): Promise<PublishResult> {
    this.#countRefusal(code);
    return Promise.resolve(err({ code, reason, retryable }));
  }

  #countRefusal(code: OonaErrorCode): void {
    this.#refused.set(code, (this.#refused.get(code) ?? 0) + 1);
  }

  #signed(payload: Uint8Array): EntryFields {
    return { payload, signature: this.#ports.signer.sign(payload) };
  }

  #readerHost(stream: BusStream, news: RedisConnection): RedisReaderHost {
    const { signer, clock, timers } = this.#ports;
    const { keeper, streams } = this.#parts;
    return {
      streams,
      news,
      signer,
      clock,
      timers,
      limits: this.#options,
      sealDeadLetter: (envelope) => {
        const encoded = encodeEntry('oona.deadletter', envelope);
        return encoded.ok ? this.#signed(encoded.value) : undefined;
      },
      onDelivered: () => {
        this.#counters.delivered += 1;
      },
      onRetry: () => {
        this.#counters.retried += 1;
      },
      onDeadLettered: () => {
        this.#counters.deadLettered += 1;
      },
      onRejected: (reason, count) => this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + count),
      onSettled: () => keeper.settled(stream),
      onOutcome: (cause) => keeper.note(cause),
    };
  }
}
