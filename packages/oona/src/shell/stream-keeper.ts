import { OonaError } from '../errors.js';
import { BUS_STREAMS, type BusStream, type StreamDepth, type Timers } from '../ports.js';
import type { RedisStreams } from './redis-streams.js';

const SETTLED_MAX = 256;
const NOTHING: StreamDepth = Object.freeze({ entries: 0, bytes: 0, unacknowledged: Object.freeze({}) });

/** Trims the streams, knows how deep they were at the last look, and what is wrong with Redis. */
export class StreamKeeper {
  readonly #streams: RedisStreams;
  readonly #timers: Timers;
  readonly #everyMs: number;
  readonly #depths = new Map<BusStream, StreamDepth>();
  readonly #settledSince = new Map<BusStream, number>();
  #trimmed = 0;
  #losses = '';
  #failure = '';
  #cancel: (() => void) | undefined;
  #isClosed = false;

  constructor(streams: RedisStreams, timers: Timers, everyMs: number) {
    this.#streams = streams;
    this.#timers = timers;
    this.#everyMs = everyMs;
  }

  /** The first look; rejects when Redis does not answer it. */
  async start(): Promise<void> {
    await this.#look();
    this.#again();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  get trimmedCount(): number {
    return this.#trimmed;
  }

  depth(stream: BusStream): StreamDepth {
    return this.#depths.get(stream) ?? NOTHING;
  }

  /** Empty text when nothing is wrong. */
  trouble(): string {
    if (this.#failure !== '') return this.#failure;
    return this.#losses === '' ? '' : `redis: ${this.#losses}`;
  }

  /** What came of a call: `undefined` when Redis answered. */
  note(cause: unknown): void {
    this.#failure = cause === undefined ? '' : reasonOf(cause);
  }

  /** Entries removed from a stream that nobody reads. */
  trimmed(count: number): void {
    this.#trimmed += count;
  }

  /** A group is done with one more entry of the stream. */
  settled(stream: BusStream): void {
    const count = (this.#settledSince.get(stream) ?? 0) + 1;
    this.#settledSince.set(stream, count);
    // A failure is Redis being away, which the reader notices by itself.
    if (count >= SETTLED_MAX) void this.maintain(stream).catch(() => undefined);
  }

  async maintain(stream: BusStream): Promise<void> {
    this.#settledSince.set(stream, 0);
    const { trimmed, entries, bytes, unacknowledged } = await this.#streams.maintain(stream);
    this.#trimmed += trimmed;
    this.#depths.set(stream, { entries, bytes, unacknowledged });
  }

  async #look(): Promise<void> {
    await Promise.all(BUS_STREAMS.map((stream) => this.maintain(stream)));
    this.#losses = await this.#streams.losses();
  }

  #again(): void {
    this.#cancel = this.#timers.after(this.#everyMs, () => {
      void this.#look()
        .then(
          () => this.note(undefined),
          (cause: unknown) => this.note(cause),
        )
        .finally(() => {
          if (!this.#isClosed) this.#again();
        });
    });
  }
}

/** Names only: a message of the system may quote addresses. */
const reasonOf = (cause: unknown): string => (cause instanceof OonaError ? cause.message : 'redis: failed');
