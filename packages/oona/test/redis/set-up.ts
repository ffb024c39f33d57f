import { systemClock } from '@esper/std/node';
import type { Bus } from '../../src/index.js';
import { systemTimers } from '../../src/node.js';
import {
  hmacBusSigner,
  openRedisBus,
  type RedisBusOptions,
  type RedisBusPorts,
  type RedisConnection,
  redisConnections,
} from '../../src/redis.js';

export const SECRET = 'a secret of the tests';

/** Short times, so that nothing has to be waited for. */
export const QUICK: RedisBusOptions = {
  retryDelayMs: 5,
  blockMs: 50,
  maintainEveryMs: 20,
  claimIdleMs: 500,
  commandDeadlineMs: 2000,
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

/** Polls until true; rejects after ten seconds. */
export async function until(isTrue: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const from = systemClock.monoMs();
  while (!(await isTrue())) {
    if (systemClock.monoMs() - from > withinMs) throw new Error(`still not true after ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
