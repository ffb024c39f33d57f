import { hasRedis, type RedisServer, SeededRandom, startRedis } from '@esper/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import type { Bus, Delivery } from '../../src/index.js';
import { redisConnections } from '../../src/redis.js';
import { contractEnvelope } from '../../src/testing.js';
import { type OpenedBus, openBus, until } from './set-up.js';

/** Publishes until it is taken, under the same id; answers with how often it had to. */
async function insist(bus: Bus, id: string): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const result = await bus.publish('oona.normal', contractEnvelope(id));
    if (result.ok) return attempt;
    expect(result.error.retryable).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe.skipIf(!hasRedis())('outages of a real redis-server', () => {
  let server: RedisServer;
  let set: OpenedBus | undefined;
  afterEach(async () => {
    await set?.bus.close();
    set = undefined;
    await server.stop();
  });

  it('SIGKILLed 20 times under load: nothing taken is lost, no effect happens twice, the order of each run is kept', async () => {
    server = await startRedis();
    set = await openBus(server.url, { commandDeadlineMs: 2000 });
    const { bus } = set;
    const random = new SeededRandom(8);
    const effects: string[] = [];
    await bus.subscribe('oona.normal', 'tamiyo', async ({ envelope }) => void effects.push(envelope.messageId));
    const taken: string[] = [];
    let isStopping = false;
    const run = async (name: string): Promise<void> => {
      for (let i = 0; !isStopping; i += 1) {
        await insist(bus, `${name}-${i}`);
        taken.push(`${name}-${i}`);
      }
    };
    const runs = ['a', 'b', 'c', 'd'].map(run);
    for (let kill = 0; kill < 20; kill += 1) {
      const target = taken.length + random.int(20, 80);
      await until(() => taken.length >= target, 120_000);
      await server.kill();
      await server.start();
    }
    isStopping = true;
    await Promise.all(runs);
    await until(() => effects.length >= taken.length, 120_000);
    expect(taken.length).toBeGreaterThan(400);
    expect([...effects].sort()).toEqual([...taken].sort());
    for (const name of ['a', 'b', 'c', 'd']) {
      const own = effects.filter((id) => id.startsWith(`${name}-`));
      expect(own).toEqual(own.map((_, i) => `${name}-${i}`));
    }
    expect(bus.counters()).toMatchObject({ delivered: taken.length, deadLettered: 0, trimmed: 0 });
  });

  it('G-27: slow: an answer that is late is no answer, and the message is taken once all the same', async () => {
    server = await startRedis();
    set = await openBus(server.url, { commandDeadlineMs: 1000 });
    const { bus } = set;
    const seen: Delivery[] = [];
    await bus.subscribe('oona.normal', 'g', async (delivery) => void seen.push(delivery));
    await insist(bus, '1');
    server.pause();
    expect(await bus.publish('oona.normal', contractEnvelope('2'))).toMatchObject({
      error: { code: 'OONA_UNREACHABLE', retryable: true },
    });
    expect(bus.health().status).toBe('degraded');
    server.resume();
    await insist(bus, '2');
    await insist(bus, '3');
    await until(() => seen.length === 3);
    expect(seen.map(({ envelope }) => envelope.messageId)).toEqual(['1', '2', '3']);
    await until(() => bus.health().status === 'ready');
  });

  it('full: writes are refused, consumers move on, and what they free is taken again', async () => {
    server = await startRedis();
    set = await openBus(server.url);
    const { bus } = set;
    const raw = await redisConnections(server.url).open();
    const idle = await bus.subscribe('oona.normal', 'g', async () => undefined);
    await idle.close();
    await insist(bus, 'first');
    const { used } = await memoryOf(raw);
    await raw.command(['CONFIG', 'SET', 'maxmemory', `${used + 4_000_000}`]);
    const large = (id: string) => contractEnvelope(id, 'x'.repeat(100_000));
    let count = 0;
    for (;;) {
      const result = await bus.publish('oona.normal', large(`l-${count}`));
      if (!result.ok) {
        expect(result.error).toMatchObject({ code: 'OONA_FULL', retryable: true });
        break;
      }
      count += 1;
      expect(count).toBeLessThan(1000);
    }
    const seen: Delivery[] = [];
    await bus.subscribe('oona.normal', 'g', async (delivery) => void seen.push(delivery));
    await until(() => seen.length === count + 1);
    await until(async () => (await bus.publish('oona.normal', large('after'))).ok);
    await until(() => seen.at(-1)?.envelope.messageId === 'after');
    expect(seen).toHaveLength(count + 2);
    raw.close();
  });

  it('gone without its data: the group is made again and what comes next is delivered', async () => {
    server = await startRedis();
    set = await openBus(server.url);
    const { bus } = set;
    const seen: Delivery[] = [];
    await bus.subscribe('oona.normal', 'g', async (delivery) => void seen.push(delivery));
    await insist(bus, '1');
    await until(() => seen.length === 1);
    const raw = await redisConnections(server.url).open();
    await raw.command(['FLUSHALL']);
    await insist(bus, '2');
    await until(() => seen.length === 2);
    raw.close();
  });

  it('closing does not wait for a server that is away', async () => {
    server = await startRedis();
    set = await openBus(server.url, { commandDeadlineMs: 200 });
    await set.bus.subscribe('oona.normal', 'g', async () => undefined);
    await server.kill();
    await set.bus.close();
    expect(set.bus.health().status).toBe('closed');
  });

  it('opening where nobody answers is refused by code', async () => {
    server = await startRedis();
    await server.kill();
    await expect(openBus(server.url)).rejects.toMatchObject({ code: 'OONA_UNREACHABLE' });
  });
});

async function memoryOf(raw: { command(args: readonly string[]): Promise<unknown> }): Promise<{ used: number }> {
  const text = new TextDecoder().decode((await raw.command(['INFO', 'memory'])) as Uint8Array);
  return { used: Number(/used_memory:(\d+)/.exec(text)?.[1]) };
}
