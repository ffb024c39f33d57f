import { hasRedis, type RedisServer, startRedis } from '@esper/testkit';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Bus } from '../../src/index.js';
import { busContract } from '../../src/testing.js';
import { type OpenedBus, openBus, until } from './set-up.js';

describe.skipIf(!hasRedis())('the contract of a bus, on a real redis-server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());

  for (const { name, run } of busContract) {
    it(name, async () => {
      const known = new Map<Bus, OpenedBus>();
      const remember = async (opening: Promise<OpenedBus>): Promise<Bus> => {
        const opened = await opening;
        known.set(opened.bus, opened);
        return opened.bus;
      };
      await run({
        open: () => remember(openBus(server.url, { attemptsMax: 4 })),
        reopen: (crashed) => {
          const before = known.get(crashed) as OpenedBus;
          before.crash();
          return remember(openBus(server.url, before.options));
        },
        until,
      });
      for (const { bus } of known.values()) await bus.close();
    });
  }
});
