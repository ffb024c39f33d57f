import { hasRedis } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { type Delivery, OonaError, requeueDeadLetters } from '../../src/index.js';
import { systemTimers } from '../../src/node.js';
import type { RedisReply } from '../../src/redis.js';
import { contractEnvelope } from '../../src/testing.js';
import { collect, idsOf, keyOf, redisFixture, until } from './set-up.js';

describe.skipIf(!hasRedis())('groups on a real redis-server', () => {
  const redis = redisFixture();

  describe('consumers of one group', () => {
    it('W-D-08: what a dead consumer held is really processed by the next, first and in order', async () => {
      const first = await redis.open({ claimIdleMs: 300 });
      await first.bus.subscribe('oona.telemetry', 'g', () => new Promise(() => undefined));
      for (const id of ['1', '2', '3']) await first.bus.publish('oona.telemetry', contractEnvelope(id));
      const pending = async () =>
        ((await redis.command('XPENDING', keyOf(first, 'oona.telemetry'), 'g')) as [number])[0];
      await until(async () => (await pending()) > 0);
      redis.crash(first);
      const second = await redis.open(first.options);
      await second.bus.publish('oona.telemetry', contractEnvelope('4'));
      const seen: Delivery[] = [];
      await second.bus.subscribe('oona.telemetry', 'g', collect(seen));
      await until(() => seen.length >= 4);
      expect(idsOf(seen)).toEqual(['1', '2', '3', '4']);
      expect(seen[0]?.attempt).toBe(2);
      expect(await pending()).toBe(0);
    });

    it('a message that kills its process each time ends as a dead letter, and the next is delivered', async () => {
      let set = await redis.open({ attemptsMax: 2, claimIdleMs: 300 });
      for (const id of ['killer', 'next']) await set.bus.publish('oona.telemetry', contractEnvelope(id));
      for (let life = 0; life < 2; life += 1) {
        let isInHand = false;
        await set.bus.subscribe('oona.telemetry', 'g', () => {
          isInHand = true;
          return new Promise(() => undefined);
        });
        await until(() => isInHand);
        redis.crash(set);
        set = await redis.open(set.options);
      }
      const seen: Delivery[] = [];
      await set.bus.subscribe('oona.telemetry', 'g', collect(seen));
      await until(() => seen.length === 1);
      expect(idsOf(seen)).toEqual(['next']);
      expect(set.bus.counters().deadLettered).toBe(1);
    });

    it('answers that are lost cost a message no attempt: it is not given up before it was delivered', async () => {
      let losses = 10;
      const connections = {
        open: async () => {
          const connection = await redis.connections().open();
          const command: typeof connection.command = async (args) => {
            const reply = await connection.command(args);
            const kind: unknown = Array.isArray(reply) ? reply[0] : undefined;
            const isTaken = kind instanceof Uint8Array && new TextDecoder().decode(kind) === 'entries';
            if (!isTaken || losses === 0) return reply;
            losses -= 1;
            throw new OonaError('OONA_UNREACHABLE', 'the answer was lost');
          };
          return { ...connection, command };
        },
      };
      const set = await redis.open({ attemptsMax: 3 }, { connections });
      for (const id of ['1', '2']) await set.bus.publish('oona.telemetry', contractEnvelope(id));
      const seen: Delivery[] = [];
      await set.bus.subscribe('oona.telemetry', 'g', collect(seen));
      await until(() => seen.length === 2);
      expect(losses).toBe(0);
      expect(seen.map(({ envelope, attempt }) => [envelope.messageId, attempt])).toEqual([
        ['1', 1],
        ['2', 1],
      ]);
      expect(set.bus.counters().deadLettered).toBe(0);
    });

    it('two consumers share a group: each message once, in order over both', async () => {
      const a = await redis.open({ batchMax: 3 });
      const b = await redis.open(a.options);
      const seen: string[] = [];
      const note = (who: string) => async (delivery: Delivery) =>
        void seen.push(`${who}${delivery.envelope.messageId}`);
      await a.bus.subscribe('oona.telemetry', 'g', note('a'));
      await b.bus.subscribe('oona.telemetry', 'g', note('b'));
      const ids = Array.from({ length: 60 }, (_, i) => `${i}`);
      for (const id of ids) await a.bus.publish('oona.telemetry', contractEnvelope(id));
      await until(() => seen.length >= ids.length);
      expect(seen.map((text) => text.slice(1))).toEqual(ids);
    });

    it('a slow handler keeps what it holds: nobody takes it for dead', async () => {
      const a = await redis.open({ claimIdleMs: 3000 });
      const b = await redis.open(a.options);
      let release: () => void = () => undefined;
      const seen: string[] = [];
      await a.bus.publish('oona.telemetry', contractEnvelope('slow'));
      await a.bus.subscribe('oona.telemetry', 'g', async ({ envelope }) => {
        seen.push(`a ${envelope.messageId}`);
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      });
      await until(() => seen.length === 1);
      await b.bus.subscribe('oona.telemetry', 'g', async ({ envelope }) => void seen.push(`b ${envelope.messageId}`));
      const idle = async () => {
        const reply = (await redis.command('XPENDING', keyOf(a, 'oona.telemetry'), 'g', '-', '+', '1')) as [
          RedisReply[],
        ];
        return Number(reply[0][2]);
      };
      // Idle time falls back twice: the hold is renewed while the handler works.
      let [renewals, last] = [0, 0];
      await until(async () => {
        const now = await idle();
        if (now < last) renewals += 1;
        last = now;
        return renewals === 2;
      });
      release();
      await until(
        async () => ((await redis.command('XPENDING', keyOf(a, 'oona.telemetry'), 'g')) as [number])[0] === 0,
      );
      expect(seen).toEqual(['a slow']);
    });

    it('a reader that is closed with nothing in hand leaves no name in the group', async () => {
      const set = await redis.open();
      const seen: Delivery[] = [];
      await set.bus.publish('oona.telemetry', contractEnvelope('1'));
      const subscription = await set.bus.subscribe('oona.telemetry', 'g', collect(seen));
      await until(() => seen.length === 1);
      const names = async () =>
        (await redis.command('XINFO', 'CONSUMERS', keyOf(set, 'oona.telemetry'), 'g')) as unknown[];
      expect(await names()).toHaveLength(1);
      await subscription.close();
      expect(await names()).toEqual([]);
    });

    it('a reader that is closed gives back what it holds at once', async () => {
      const a = await redis.open({ claimIdleMs: 60_000, retryDelayMs: 10_000 });
      let isTried = false;
      for (const id of ['1', '2']) await a.bus.publish('oona.telemetry', contractEnvelope(id));
      const subscription = await a.bus.subscribe('oona.telemetry', 'g', async () => {
        isTried = true;
        throw new Error('not now');
      });
      await until(() => isTried);
      await subscription.close();
      const b = await redis.open(a.options);
      const seen: Delivery[] = [];
      await b.bus.subscribe('oona.telemetry', 'g', collect(seen));
      await until(() => seen.length === 2);
      expect(idsOf(seen)).toEqual(['1', '2']);
    });
  });

  describe('trimming', () => {
    it('W-D-17: what one group has not acknowledged stays, whatever the others have read; then it goes', async () => {
      const set = await redis.open();
      const idle = await set.bus.subscribe('oona.telemetry', 'idle', async () => undefined);
      await idle.close();
      const count: number[] = [];
      await set.bus.subscribe('oona.telemetry', 'busy', async () => void count.push(1));
      for (let i = 0; i < 300; i += 1) await set.bus.publish('oona.telemetry', contractEnvelope(`${i}`));
      await until(() => count.length === 300 && set.bus.depth('oona.telemetry').unacknowledged['busy'] === 0);
      expect(await redis.lengthOf(keyOf(set, 'oona.telemetry'))).toBe(300);
      const seen: Delivery[] = [];
      await set.bus.subscribe('oona.telemetry', 'idle', collect(seen));
      await until(() => seen.length === 300);
      await until(async () => (await redis.lengthOf(keyOf(set, 'oona.telemetry'))) === 0);
      expect(set.bus.counters().trimmed).toBe(0);
    });

    it('a stream that nobody reads keeps the newest and counts what it lets go', async () => {
      const set = await redis.open({ retainedMax: 2 });
      for (const id of ['1', '2', '3', '4']) await set.bus.publish('oona.telemetry', contractEnvelope(id));
      const seen: Delivery[] = [];
      await set.bus.subscribe('oona.telemetry', 'g', collect(seen));
      await until(() => seen.length === 2);
      expect([idsOf(seen), set.bus.counters().trimmed]).toEqual([['3', '4'], 2]);
    });

    it('a group that does not read fills its stream, which then refuses and says so', async () => {
      const set = await redis.open({ entriesMax: 3 });
      const idle = await set.bus.subscribe('oona.telemetry', 'idle', async () => undefined);
      await idle.close();
      const results = [];
      for (const id of ['1', '2', '3', '4'])
        results.push(await set.bus.publish('oona.telemetry', contractEnvelope(id)));
      expect(results.map(({ ok }) => ok)).toEqual([true, true, true, false]);
      expect(results[3]).toMatchObject({ error: { code: 'OONA_FULL', retryable: true } });
      expect((await set.bus.publish('oona.normal', contractEnvelope('1'))).ok).toBe(true);
      await set.bus.dropGroup('oona.telemetry', 'idle');
      expect((await set.bus.publish('oona.telemetry', contractEnvelope('4'))).ok).toBe(true);
    });
  });

  it('dead letters go back to where they came from', async () => {
    const set = await redis.open({ attemptsMax: 1 });
    let isBroken = true;
    const seen: string[] = [];
    await set.bus.subscribe('oona.normal', 'g', async ({ envelope }) => {
      if (isBroken) throw new Error('broken');
      seen.push(envelope.messageId);
    });
    for (const id of ['1', '2']) await set.bus.publish('oona.normal', contractEnvelope(id));
    await until(() => set.bus.counters().deadLettered === 2);
    isBroken = false;
    const report = await requeueDeadLetters(set.bus, { countMax: 10, idleMs: 200 }, systemTimers);
    expect(report).toEqual({ requeued: 2, refused: 0 });
    await until(() => seen.length === 2);
    expect(seen).toEqual(['g:1:again', 'g:2:again']);
  });

  it('AW-11: 96 messages from 6 publishers at a bound of 128: all taken, none dropped, never deeper', async () => {
    const set = await redis.open({ entriesMax: 128 });
    const seen: string[] = [];
    let deepest = 0;
    await set.bus.subscribe('oona.normal', 'g', async ({ envelope }) => {
      seen.push(envelope.messageId);
      deepest = Math.max(deepest, await redis.lengthOf(keyOf(set, 'oona.normal')));
    });
    const publisher = async (who: number): Promise<void> => {
      for (let i = 0; i < 16; i += 1) await set.bus.publish('oona.normal', contractEnvelope(`${who}-${i}`));
    };
    await Promise.all(Array.from({ length: 6 }, (_, who) => publisher(who)));
    await until(() => seen.length === 96);
    expect(set.bus.counters()).toMatchObject({ published: 96, refused: {}, trimmed: 0 });
    expect(deepest).toBeLessThanOrEqual(128);
  });
});
