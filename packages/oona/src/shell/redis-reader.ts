import type { BusEnvelope } from '@esper/leyline';
import type { WallClock } from '@esper/std';
import { type AdmissionRules, admissionProblem, type RejectReason } from '../core/admission.js';
import { parseEntryId, positionOfId } from '../core/entry-id.js';
import type { DeliveryHandler, Timers } from '../ports.js';
import type { BusSigner, RedisConnection } from '../redis-ports.js';
import { decodeEntry } from '../wire/redis-entry.js';
import type { RawEntry } from '../wire/redis-reply.js';
import { answerWithin } from './answer-within.js';
import { attemptDelivery, retryDelay } from './attempt-delivery.js';
import { type EntryFields, type GroupSource, isRefusal, type RedisStreams } from './redis-streams.js';

/** What a reader asks of the bus it belongs to. */
export interface RedisReaderHost {
  readonly streams: RedisStreams;
  /** A connection of its own, which may block. */
  readonly news: RedisConnection;
  readonly signer: BusSigner;
  readonly clock: WallClock;
  readonly timers: Timers;
  readonly limits: AdmissionRules & {
    readonly attemptsMax: number;
    readonly retryDelayMs: number;
    readonly handlerDeadlineMs: number;
    readonly claimIdleMs: number;
    readonly blockMs: number;
    readonly commandDeadlineMs: number;
  };
  /** The bytes of a message for the dead letters; `undefined` when there is no room in it to say where it comes from. */
  sealDeadLetter(envelope: BusEnvelope): EntryFields | undefined;
  onDelivered(): void;
  onRetry(): void;
  onDeadLettered(): void;
  onRejected(reason: RejectReason, count: number): void;
  /** The group is done with one more entry. */
  onSettled(): void;
  /** Empty text when Redis answered, otherwise why it did not. */
  onOutcome(cause: unknown): void;
}

/** An entry that is a message, or why it is none. */
type Inspected =
  | { readonly raw: RawEntry; readonly envelope: BusEnvelope; readonly signedFor: string | undefined }
  | { readonly raw: RawEntry; readonly problem: RejectReason };

const STANDBY_MS = 100;

/** Delivers one stream to one group, in order and one at a time, until it is closed. */
export class RedisReader {
  readonly #source: GroupSource;
  readonly #handler: DeliveryHandler;
  readonly #host: RedisReaderHost;
  /** Ids of entries this consumer holds, oldest first. */
  #held: string[] = [];
  #isClosed = false;
  #failuresInRow = 0;
  #wake: (() => void) | undefined;
  readonly #done: Promise<void>;

  constructor(source: GroupSource, handler: DeliveryHandler, host: RedisReaderHost) {
    this.#source = source;
    this.#handler = handler;
    this.#host = host;
    this.#done = this.#run();
  }

  /** Takes no further message and resolves when the one in hand is settled. What is held goes back at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake?.();
    this.#host.news.close();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#round();
        this.#failuresInRow = 0;
        this.#host.onOutcome(undefined);
      } catch (cause) {
        await this.#recover(cause);
      }
    }
    if (this.#held.length > 0) await this.#giveBack();
    // With Redis away its name stays in the group, which costs a few bytes.
    else await this.#host.streams.leave(this.#source).catch(() => undefined);
  }

  async #round(): Promise<void> {
    const { streams } = this.#host;
    const taken = await streams.take(this.#source);
    if (taken.kind === 'busy') return this.#sleep(Math.min(taken.waitMs, STANDBY_MS));
    if (taken.kind === 'empty') return this.#waitForNews(taken.lastId);
    if (taken.removed > 0) this.#host.onRejected('removed', taken.removed);
    this.#held = taken.entries.map(({ id }) => id);
    const stopHolding = this.#keepHolding();
    try {
      await this.#batch(taken.entries);
    } finally {
      stopHolding();
    }
  }

  async #recover(cause: unknown): Promise<void> {
    if (this.#isClosed) return;
    this.#host.onOutcome(cause);
    // Redis came back without its data, or somebody removed the group.
    if (isRefusal(cause, 'NOGROUP')) await this.#host.streams.ensureGroup(this.#source).catch(() => undefined);
    this.#failuresInRow += 1;
    await this.#sleep(retryDelay(this.#host.limits.retryDelayMs, this.#failuresInRow));
  }

  async #batch(entries: readonly RawEntry[]): Promise<void> {
    const inspected = entries.map((raw) => this.#inspect(raw));
    const ids = inspected.flatMap((entry) => ('envelope' in entry ? [entry.envelope.messageId] : []));
    const flags = await this.#host.streams.seen(this.#source, ids);
    const seen = new Set(ids.filter((_, i) => flags[i]));
    for (const entry of inspected) {
      if (this.#isClosed) return;
      const isOurs = await this.#entry(entry, seen);
      if (!isOurs) {
        // Not because of closing: the batch went to another consumer while this one was silent.
        if (!this.#isClosed) this.#held = [];
        return;
      }
      this.#held.shift();
      if ('envelope' in entry) seen.add(entry.envelope.messageId);
    }
  }

  /** True when the group is done with the entry, false when it is no longer this consumer's or the reader is closed. */
  #entry(entry: Inspected, seen: ReadonlySet<string>): Promise<boolean> {
    if ('problem' in entry) return this.#setAside(entry.raw, entry.problem);
    const { raw, envelope, signedFor } = entry;
    const facts = { envelope, signedFor, foundOn: this.#source.stream, nowMs: this.#host.clock.wallMs() };
    const isSeen = seen.has(envelope.messageId);
    const problem = admissionProblem({ ...facts, isSeen }, this.#host.limits);
    if (problem === undefined) return this.#deliver(raw, envelope);
    if (problem !== 'replayed') return this.#setAside(raw, problem);
    this.#host.onRejected('replayed', 1);
    return this.#settle(raw.id, '');
  }

  #inspect(raw: RawEntry): Inspected {
    const { payload, signature, id } = raw;
    if (payload === undefined) return { raw, problem: 'no_payload' };
    if (!this.#host.signer.verify(payload, signature)) return { raw, problem: 'invalid_signature' };
    const takenAtMs = parseEntryId(id)?.ms ?? 0;
    const decoded = decodeEntry(payload, { takenAtMs, contentId: signature.slice(0, 256) });
    return decoded.ok ? { raw, ...decoded.value } : { raw, problem: 'invalid_envelope' };
  }

  async #deliver(raw: RawEntry, envelope: BusEnvelope): Promise<boolean> {
    const { limits, timers } = this.#host;
    const { stream, group } = this.#source;
    const position = positionOfId(raw.id);
    for (let attempt = raw.deliveries; !this.#isClosed; attempt += 1) {
      // More deliveries than attempts: the processes that had it before died of it.
      if (attempt > limits.attemptsMax) return this.#deadLetter(raw, envelope, attempt - 1);
      const delivery = { stream, group, position, envelope, attempt };
      if (await attemptDelivery(this.#handler, delivery, { timers, deadlineMs: limits.handlerDeadlineMs })) {
        this.#host.onDelivered();
        return this.#settle(raw.id, envelope.messageId);
      }
      if (attempt >= limits.attemptsMax) return this.#deadLetter(raw, envelope, attempt);
      this.#host.onRetry();
      await this.#sleep(retryDelay(limits.retryDelayMs, attempt));
      if (!this.#isClosed && !(await this.#isStillHeld(attempt + 1))) return false;
    }
    return false;
  }

  /** Writes the attempt down, so that a crash does not start the count anew. */
  #isStillHeld(attempt: number): Promise<boolean> {
    return this.#insist(() => this.#host.streams.hold(this.#source, this.#held, { attempt }), true);
  }

  async #settle(id: string, messageId: string): Promise<boolean> {
    await this.#insist(() => this.#host.streams.settle(this.#source, id, messageId), undefined);
    this.#host.onSettled();
    return true;
  }

  async #deadLetter(raw: RawEntry, envelope: BusEnvelope, attempts: number): Promise<boolean> {
    const { stream, group } = this.#source;
    // One entry can fail in several groups: each is a dead letter of its own.
    const messageId = `${group}:${envelope.messageId}`.slice(0, 256);
    const attributes = { ...envelope.attributes, origin_stream: stream, group, attempts: `${attempts}` };
    const letter = this.#host.sealDeadLetter({ ...envelope, messageId, attributes });
    if (letter === undefined) return this.#setAside(raw, 'invalid_envelope');
    const outcome = await this.#insistMoved(() => this.#host.streams.deadLetter(this.#source, raw.id, letter));
    if (outcome) this.#host.onDeadLettered();
    return outcome;
  }

  /** Poison: nobody will ever handle it, and nothing behind it waits for it. */
  async #setAside(raw: RawEntry, reason: RejectReason): Promise<boolean> {
    this.#host.onRejected(reason, 1);
    const content = raw.payload === undefined ? [] : ['payload', raw.payload, 'signature', raw.signature];
    const fields = ['reason', reason, 'stream', this.#source.stream, 'id', raw.id, ...content];
    return this.#insistMoved(() => this.#host.streams.setAside(this.#source, raw.id, fields));
  }

  async #insistMoved(move: () => Promise<'moved' | 'full' | 'lost'>): Promise<boolean> {
    for (let attempt = 1; !this.#isClosed; attempt += 1) {
      const outcome = await this.#insist(move, 'lost' as const);
      if (outcome === 'moved') this.#host.onSettled();
      if (outcome !== 'full') return outcome === 'moved';
      await this.#sleep(retryDelay(this.#host.limits.retryDelayMs, attempt));
    }
    return false;
  }

  /** Tries until Redis answers: what was done must be written down before anything else is. Gives up only when closed. */
  async #insist<T>(act: () => Promise<T>, whenClosed: T): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await act();
      } catch (cause) {
        this.#host.onOutcome(cause);
        if (isRefusal(cause, 'NOGROUP') || this.#isClosed) return whenClosed;
        await this.#sleep(retryDelay(this.#host.limits.retryDelayMs, attempt));
      }
    }
  }

  /** While a batch is in hand the group hears of it, so that nobody takes it for that of a dead consumer. */
  #keepHolding(): () => void {
    const { timers, limits, streams } = this.#host;
    const everyMs = Math.max(1, Math.floor(limits.claimIdleMs / 3));
    let cancel: () => void = () => undefined;
    const again = (): void => {
      cancel = timers.after(everyMs, () => {
        // Failing means Redis is away; then nobody else can take the batch either.
        if (this.#held.length > 0) void streams.hold(this.#source, this.#held, {}).catch(() => undefined);
        again();
      });
    };
    again();
    return () => cancel();
  }

  async #giveBack(): Promise<void> {
    const { streams, limits } = this.#host;
    // Without this the next consumer waits until they look abandoned; with Redis away it does so anyway.
    await streams.hold(this.#source, this.#held, { idleMs: limits.claimIdleMs }).catch(() => undefined);
    this.#held = [];
  }

  async #waitForNews(lastId: string): Promise<void> {
    const { news, streams, limits, timers } = this.#host;
    const key = streams.keyOf(this.#source.stream);
    if (this.#isClosed) return;
    const answer = news.command(['XREAD', 'COUNT', '1', 'BLOCK', `${limits.blockMs}`, 'STREAMS', key, lastId]);
    // A connection that broke at the wrong moment may never answer.
    await answerWithin(answer, limits.blockMs + limits.commandDeadlineMs, timers);
  }

  async #sleep(delayMs: number): Promise<void> {
    if (this.#isClosed) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#host.timers.after(delayMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
