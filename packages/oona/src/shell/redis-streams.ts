import { positionOfId } from '../core/entry-id.js';
import { OonaError } from '../errors.js';
import type { BusStream, Timers } from '../ports.js';
import type { ResolvedRedisBusOptions } from '../redis-options.js';
import type { RedisArgument, RedisConnection, RedisReply } from '../redis-ports.js';
import {
  listIn,
  type PublishAnswer,
  readPublishAnswer,
  readStreamState,
  readTaken,
  type StreamState,
  type Taken,
  textIn,
} from '../wire/redis-reply.js';
import { HOLD, LEAVE, MAINTAIN, MOVE, PUBLISH, SETTLE, TAKE } from '../wire/redis-scripts.js';
import { answerWithin } from './answer-within.js';
import { redisLosses } from './redis-losses.js';

/** One stream as one consumer of one group sees it. */
export interface GroupSource {
  readonly stream: BusStream;
  readonly group: string;
  readonly consumer: string;
}

/** What an entry is written with. */
export interface EntryFields {
  readonly payload: Uint8Array;
  readonly signature: string;
}

/** What became of an entry that was to be moved away: moved, nobody's room, or no longer ours to move. */
export type MoveOutcome = 'moved' | 'full' | 'lost';

/** The commands of the bus, each with a deadline. All reject with `OonaError`. */
export class RedisStreams {
  readonly #connection: RedisConnection;
  readonly #timers: Timers;
  readonly #options: ResolvedRedisBusOptions;

  constructor(connection: RedisConnection, timers: Timers, options: ResolvedRedisBusOptions) {
    this.#connection = connection;
    this.#timers = timers;
    this.#options = options;
  }

  async publish(stream: BusStream, messageId: string, { payload, signature }: EntryFields): Promise<PublishAnswer> {
    const { duplicateWindowMax, entriesMax, retainedMax } = this.#options;
    const key = this.keyOf(stream);
    const limits = [duplicateWindowMax, entriesMax, retainedMax].map(String);
    return readPublishAnswer(
      await this.#evaluate(PUBLISH, [key, `${key}:ids`], [payload, signature, messageId, ...limits]),
    );
  }

  /** A new group sees what the stream still holds. Idempotent. */
  async ensureGroup({ stream, group }: Pick<GroupSource, 'stream' | 'group'>): Promise<void> {
    try {
      await this.#command(['XGROUP', 'CREATE', this.keyOf(stream), group, '0', 'MKSTREAM']);
    } catch (cause) {
      if (!isRefusal(cause, 'BUSYGROUP')) throw cause;
    }
  }

  async dropGroup(stream: BusStream, group: string): Promise<void> {
    const key = this.keyOf(stream);
    try {
      await this.#command(['XGROUP', 'DESTROY', key, group]);
    } catch (cause) {
      // A stream that is not there has no groups.
      if (!isRefusal(cause, 'ERR The XGROUP')) throw cause;
    }
    await this.#command(['DEL', seenKey(key, group)]);
  }

  async take({ stream, group, consumer }: GroupSource): Promise<Taken> {
    const { batchMax, claimIdleMs } = this.#options;
    return readTaken(
      await this.#evaluate(TAKE, [this.keyOf(stream)], [group, consumer, `${batchMax}`, `${claimIdleMs}`]),
    );
  }

  /** Which of these messages the group has handled already. */
  async seen({ stream, group }: GroupSource, messageIds: readonly string[]): Promise<readonly boolean[]> {
    if (messageIds.length === 0) return [];
    const reply = await this.#command(['ZMSCORE', seenKey(this.keyOf(stream), group), ...messageIds]);
    return listIn(reply).map((score) => score !== null);
  }

  /** The group is done with the entry; `messageId` is empty for one that was not a message. */
  async settle({ stream, group }: GroupSource, id: string, messageId: string): Promise<void> {
    const key = this.keyOf(stream);
    const window = `${this.#options.duplicateWindowMax}`;
    await this.#evaluate(SETTLE, [key, seenKey(key, group)], [group, id, messageId, `${positionOfId(id)}`, window]);
  }

  /** In one step: off this stream for this group, onto the dead letters. */
  deadLetter(source: GroupSource, id: string, { payload, signature }: EntryFields): Promise<MoveOutcome> {
    const target = { key: this.keyOf('oona.deadletter'), max: this.#options.entriesMax, refuses: true };
    return this.#move(source, id, { ...target, fields: ['payload', payload, 'signature', signature] });
  }

  /** In one step: off this stream for this group, beside the dead letters, where only the newest are kept. */
  setAside(source: GroupSource, id: string, fields: readonly RedisArgument[]): Promise<MoveOutcome> {
    const key = `${this.keyOf('oona.deadletter')}:poison`;
    return this.#move(source, id, { key, max: this.#options.poisonMax, refuses: false, fields });
  }

  /** Says again that this consumer holds the entries. False when the first is another's by now. An `attempt` of 0 changes no count. */
  async hold(
    { stream, group, consumer }: GroupSource,
    ids: readonly string[],
    { attempt = 0, idleMs = 0 }: { readonly attempt?: number; readonly idleMs?: number },
  ): Promise<boolean> {
    const reply = await this.#evaluate(
      HOLD,
      [this.keyOf(stream)],
      [group, consumer, `${idleMs}`, `${attempt}`, ...ids],
    );
    return reply === 1;
  }

  /** This consumer will not come back under its name. */
  async leave({ stream, group, consumer }: GroupSource): Promise<void> {
    await this.#evaluate(LEAVE, [this.keyOf(stream)], [group, consumer]);
  }

  async maintain(stream: BusStream): Promise<StreamState> {
    return readStreamState(await this.#evaluate(MAINTAIN, [this.keyOf(stream)], [`${this.#options.retainedMax}`]));
  }

  /** What the server may lose of what it has answered; see {@link redisLosses}. */
  losses(): Promise<string> {
    return redisLosses({ command: (args) => this.#command(args) });
  }

  keyOf(stream: BusStream): string {
    return this.#options.streamKeys[stream];
  }

  async #move(
    { stream, group, consumer }: GroupSource,
    id: string,
    target: {
      readonly key: string;
      readonly max: number;
      readonly refuses: boolean;
      readonly fields: readonly RedisArgument[];
    },
  ): Promise<MoveOutcome> {
    const refuses = target.refuses ? '1' : '0';
    const args = [group, consumer, id, `${target.max}`, refuses, ...target.fields];
    return textIn(await this.#evaluate(MOVE, [this.keyOf(stream), target.key], args)) as MoveOutcome;
  }

  #evaluate(script: string, keys: readonly string[], args: readonly RedisArgument[]): Promise<RedisReply> {
    return this.#command(['EVAL', script, `${keys.length}`, ...keys, ...args]);
  }

  #command(args: readonly RedisArgument[]): Promise<RedisReply> {
    return answerWithin(this.#connection.command(args), this.#options.commandDeadlineMs, this.#timers);
  }
}

const seenKey = (key: string, group: string): string => `${key}:seen:${group}`;

/** Whether Redis answered with this error. */
export const isRefusal = (cause: unknown, prefix: string): boolean =>
  cause instanceof OonaError && cause.code === 'OONA_REDIS_REFUSED' && cause.message.startsWith(prefix);
