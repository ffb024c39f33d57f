import { systemClock } from '@esper/std/node';
import { type RedisServer, startRedis } from '@esper/testkit';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Bus, BusStream, Delivery } from '../../src/index.js';
import { systemTimers } from '../../src/node.js';
import {
  hmacBusSigner,
  openRedisBus,
  type RedisArgument,
  type RedisBusOptions,
  type RedisBusPorts,
  type RedisConnection,
  type RedisReply,
  redisConnections,
} from '../../src/redis.js';

export const SECRET = 'a secret of the tests';

/** Short times, so that nothing has to be waited for. */
export const QUICK: RedisBusOptions = {
  retryDelayMs: 5,
  blockMs: 50,
  maintainEveryMs: 20,
  // Long: on a busy machine a live consumer must not be taken for dead. Tests of dead ones set their own.
  claimIdleMs: 60_000,
  commandDeadlineMs: 10_000,
};

let buses = 0;

/** Streams that no other test has. */
export function freshKeys(): NonNullable<RedisBusOptions['streamKeys']> {
  buses += 1;
  const prefix = `t${process.pid}-${buses}`;
  const names = ['normal', 'emergency', 'telemetry', 'policy', 'deadletter'] as const;
  return Object.fromEntries(names.map((name) => [`oona.${name}`, `${prefix}.${name}`]));
}

export interface OpenedBus {
  readonly bus: Bus;
  readonly options: RedisBusOptions;
  /** Ends its connections as a crash would. */
  crash(): void;
}

/** A bus on the server at `url`. */
export async function openBus(
  url: string,
  options: RedisBusOptions = {},
  ports: Partial<RedisBusPorts> = {},
): Promise<OpenedBus> {
  const opened: RedisConnection[] = [];
  const connections = redisConnections(url);
  const kept = { streamKeys: freshKeys(), ...QUICK, ...options };
  buses += 1;
  const bus = await openRedisBus(
    {
      connections: {
        open: async () => {
          const connection = await connections.open();
          opened.push(connection);
          return connection;
        },
      },
      signer: hmacBusSigner(SECRET),
      clock: systemClock,
      timers: systemTimers,
      consumer: `c-${process.pid}-${buses}`,
      ...ports,
    },
    kept,
  );
  const crash = (): void => {
    for (const connection of opened) connection.close();
  };
  return { bus, options: kept, crash };
}

/** Polls until true; rejects after a minute. */
export async function until(isTrue: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> {
  const from = systemClock.monoMs();
  while (!(await isTrue())) {
    if (systemClock.monoMs() - from > withinMs) throw new Error(`still not true after ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A server, a bare connection to it, and buses that are closed after each test. Call inside `describe`. */
export function redisFixture() {
  const opened: OpenedBus[] = [];
  const parts: { server?: RedisServer; raw?: RedisConnection } = {};
  beforeAll(async () => {
    parts.server = await startRedis();
    parts.raw = await redisConnections(parts.server.url).open();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ bus }) => bus.close()));
  });
  afterAll(async () => {
    parts.raw?.close();
    await parts.server?.stop();
  });
  const command = (...args: RedisArgument[]): Promise<RedisReply> => {
    if (parts.raw === undefined) throw new Error('the server is not started yet');
    return parts.raw.command(args);
  };
  return {
    command,
    lengthOf: async (key: string): Promise<number> => (await command('XLEN', key)) as number,
    pendingOf: async (key: string, group: string): Promise<number> =>
      ((await command('XPENDING', key, group)) as [number])[0],
    /** The one entry of a stream, as its two fields. */
    entryOf: async (key: string): Promise<readonly [Uint8Array, Uint8Array]> => {
      const [[, fields]] = (await command('XRANGE', key, '-', '+')) as [[RedisReply, RedisReply[]]];
      return [fields[1] as Uint8Array, fields[3] as Uint8Array];
    },
    /** Connections to it, for tests that put something in between. */
    connections: () => redisConnections(parts.server?.url ?? ''),
    open: async (options: RedisBusOptions = {}, ports: Partial<RedisBusPorts> = {}): Promise<OpenedBus> => {
      const set = await openBus(parts.server?.url ?? '', options, ports);
      opened.push(set);
      return set;
    },
    /** Ends it as a crash would; nothing is closed in order. */
    crash: (set: OpenedBus): void => {
      set.crash();
      opened.splice(opened.indexOf(set), 1);
    },
  };
}

export const keyOf = ({ options }: OpenedBus, stream: BusStream): string => options.streamKeys?.[stream] ?? '';
export const collect = (into: Delivery[]) => async (delivery: Delivery) => void into.push(delivery);
export const idsOf = (seen: readonly Delivery[]): string[] => seen.map(({ envelope }) => envelope.messageId);
