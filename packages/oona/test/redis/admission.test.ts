import type { BusEnvelope } from '@esper/leyline';
import { hasRedis } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/index.js';
import { hmacBusSigner, type RedisReply } from '../../src/redis.js';
import { contractEnvelope } from '../../src/testing.js';
import { collect, idsOf, keyOf, type OpenedBus, type openBus, redisFixture, SECRET, until } from './set-up.js';

describe.skipIf(!hasRedis())('entries on a real redis-server', () => {
  const redis = redisFixture();

  describe('on the wire', () => {
    it('an entry has two fields, the envelope and its base64 signature of 44 characters', async () => {
      const set = await redis.open();
      await set.bus.publish('oona.telemetry', contractEnvelope('1'));
      const reply = (await redis.command('XRANGE', keyOf(set, 'oona.telemetry'), '-', '+')) as [
        [unknown, RedisReply[]],
      ];
      const fields = reply[0][1].map((field) => new TextDecoder().decode(field as Uint8Array));
      expect([fields.length, fields[0], fields[2]]).toEqual([4, 'payload', 'signature']);
      expect(fields[3]).toMatch(/^[A-Za-z0-9+/]{43}=$/);
    });

    it('entries of neighbours, which have a type, a payload and attributes only, are delivered', async () => {
      const set = await redis.open();
      // message_type 4, payload 'hi', attributes {level: "2"}: written by hand, as the prototype does.
      const bytes = Uint8Array.of(8, 4, 18, 2, 104, 105, 26, 10, 10, 5, 108, 101, 118, 101, 108, 18, 1, 50);
      const signature = hmacBusSigner(SECRET).sign(bytes);
      const key = keyOf(set, 'oona.telemetry');
      await redis.command('XADD', key, '*', 'payload', bytes, 'signature', signature);
      const seen: Delivery[] = [];
      await set.bus.subscribe('oona.telemetry', 'g', collect(seen));
      await until(() => seen.length === 1);
      expect(seen[0]?.envelope).toMatchObject({
        messageType: 'TELEMETRY',
        messageId: signature,
        attributes: { level: '2' },
      });
      // What it was told twice is one message.
      await redis.command('XADD', key, '*', 'payload', bytes, 'signature', signature);
      await until(() => set.bus.counters().rejected['replayed'] === 1);
      expect(seen).toHaveLength(1);
    });
  });

  describe('what may not be delivered', () => {
    const rejects = async (
      reason: string,
      add: (set: OpenedBus, key: string) => Promise<unknown>,
      options: Parameters<typeof openBus>[1] = {},
    ) => {
      const set = await redis.open(options);
      const key = keyOf(set, 'oona.telemetry');
      await add(set, key);
      await set.bus.publish('oona.telemetry', { ...contractEnvelope('good'), sentAtMs: Date.now() });
      const seen: Delivery[] = [];
      await set.bus.subscribe('oona.telemetry', 'g', collect(seen));
      await until(() => seen.length === 1);
      expect(idsOf(seen)).toEqual(['good']);
      expect(set.bus.counters().rejected).toEqual({ [reason]: 1 });
      const aside = (await redis.command(
        'XRANGE',
        `${keyOf(set, 'oona.deadletter')}:poison`,
        '-',
        '+',
      )) as RedisReply[];
      expect(aside).toHaveLength(1);
      expect(JSON.stringify(aside, asText)).toContain(`"reason","${reason}"`);
    };

    it('an entry without payload is set aside and the next one is delivered', () =>
      rejects('no_payload', (_set, key) => redis.command('XADD', key, '*', 'bootstrap', '')));

    it('a forged or missing signature, also one that is no ASCII, is set aside', async () => {
      for (const signature of ['', 'é'.repeat(22), hmacBusSigner('other').sign(Uint8Array.of(8, 4))]) {
        await rejects('invalid_signature', (_set, key) =>
          redis.command('XADD', key, '*', 'payload', Uint8Array.of(8, 4), 'signature', signature),
        );
      }
    });

    it('bytes that are signed and are no envelope are set aside', () =>
      rejects('invalid_envelope', (_set, key) => {
        const bytes = Uint8Array.of(255, 255, 255);
        return redis.command('XADD', key, '*', 'payload', bytes, 'signature', hmacBusSigner(SECRET).sign(bytes));
      }));

    it('W-D-12: a captured entry that is moved to another stream is not delivered there', () =>
      rejects('wrong_stream', async (set, key) => {
        await set.bus.publish('oona.policy', { ...contractEnvelope('moved'), sentAtMs: Date.now() });
        const [payload, signature] = await redis.entryOf(keyOf(set, 'oona.policy'));
        await redis.command('XADD', key, '*', 'payload', payload, 'signature', signature);
      }));

    it('a state older than it may be, and a message from the future, are set aside', async () => {
      const publish = (envelope: Partial<BusEnvelope>) => (set: OpenedBus) =>
        set.bus.publish('oona.telemetry', { ...contractEnvelope('old'), ...envelope });
      await rejects('stale', publish({ messageType: 'SYSTEM_STATE', sentAtMs: Date.now() - 700_000 }));
      await rejects('from_the_future', publish({ sentAtMs: Date.now() + 120_000 }));
      // The option is what decides.
      const patient = await redis.open({ freshForMs: { SYSTEM_STATE: 0 } });
      await publish({ messageType: 'SYSTEM_STATE', sentAtMs: Date.now() - 700_000 })(patient);
      const seen: Delivery[] = [];
      await patient.bus.subscribe('oona.telemetry', 'g', collect(seen));
      await until(() => seen.length === 1);
    });

    it('W-D-12: a captured entry that is added again is recognised, also by the next process', async () => {
      const first = await redis.open();
      const key = keyOf(first, 'oona.telemetry');
      const seen: Delivery[] = [];
      await first.bus.publish('oona.telemetry', contractEnvelope('1'));
      const [payload, signature] = await redis.entryOf(key);
      await first.bus.subscribe('oona.telemetry', 'g', collect(seen));
      await until(() => seen.length === 1);
      await first.bus.close();
      await redis.command('XADD', key, '*', 'payload', payload, 'signature', signature);
      const second = await redis.open(first.options);
      await second.bus.subscribe('oona.telemetry', 'g', collect(seen));
      await until(() => second.bus.counters().rejected['replayed'] === 1);
      expect(idsOf(seen)).toEqual(['1']);
    });

    it('a message that fails and has no room for where it comes from is set aside, and the next one is delivered', async () => {
      const set = await redis.open({ attemptsMax: 1 });
      const attributes = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`a-${i}`, 'x']));
      await set.bus.publish('oona.telemetry', { ...contractEnvelope('crowded'), attributes });
      await set.bus.publish('oona.telemetry', contractEnvelope('next'));
      const seen: Delivery[] = [];
      await set.bus.subscribe('oona.telemetry', 'g', async (delivery) => {
        if (delivery.envelope.messageId === 'crowded') throw new Error('always');
        seen.push(delivery);
      });
      await until(() => seen.length === 1);
      expect(set.bus.counters()).toMatchObject({ deadLettered: 0, rejected: { invalid_envelope: 1 } });
    });

    it('only the newest poison is kept', async () => {
      const set = await redis.open({ poisonMax: 2 });
      for (let i = 0; i < 5; i += 1) await redis.command('XADD', keyOf(set, 'oona.telemetry'), '*', 'x', `${i}`);
      await set.bus.subscribe('oona.telemetry', 'g', async () => undefined);
      await until(() => set.bus.counters().rejected['no_payload'] === 5);
      await until(async () => (await redis.lengthOf(`${keyOf(set, 'oona.deadletter')}:poison`)) === 2);
    });
  });

  it('D-03: what redis refuses is a refusal with a reason, never an answer that looks like success', async () => {
    const set = await redis.open();
    const key = keyOf(set, 'oona.telemetry');
    await redis.command('SET', key, 'not a stream');
    expect(await set.bus.publish('oona.telemetry', contractEnvelope('1'))).toMatchObject({
      ok: false,
      error: { code: 'OONA_REDIS_REFUSED', retryable: true },
    });
    expect(set.bus.health().status).toBe('degraded');
    await redis.command('DEL', key);
    expect((await set.bus.publish('oona.telemetry', contractEnvelope('1'))).ok).toBe(true);
    await until(() => set.bus.health().status === 'ready');
  });

  it('more publishes than may be under way are refused at once', async () => {
    const set = await redis.open({ publishInFlightMax: 2 });
    const results = await Promise.all(
      ['1', '2', '3'].map((id) => set.bus.publish('oona.telemetry', contractEnvelope(id))),
    );
    expect(results.map(({ ok }) => ok)).toEqual([true, true, false]);
    expect(set.bus.counters().refused).toEqual({ OONA_FULL: 1 });
  });

  it('attributes that are the bus\u2019s own are refused', async () => {
    const set = await redis.open();
    const envelope = { ...contractEnvelope('1'), attributes: { 'oona.stream': 'oona.policy' } };
    expect(await set.bus.publish('oona.telemetry', envelope)).toMatchObject({
      error: { code: 'OONA_ENVELOPE_INVALID', retryable: false },
    });
  });

  it('a server without append-only file is told in health', async () => {
    await redis.command('CONFIG', 'SET', 'appendonly', 'no');
    try {
      const set = await redis.open();
      expect(set.bus.health()).toEqual({
        status: 'degraded',
        reason: 'redis: keeps no append-only file, so a restart loses what it has answered',
      });
    } finally {
      await redis.command('CONFIG', 'SET', 'appendonly', 'yes');
    }
  });

  it('a server that may answer before it writes is told in health; so is one that does not say', async () => {
    await redis.command('CONFIG', 'SET', 'appendfsync', 'everysec');
    try {
      const set = await redis.open();
      expect(set.bus.health()).toMatchObject({ status: 'degraded', reason: expect.stringContaining('everysec') });
    } finally {
      await redis.command('CONFIG', 'SET', 'appendfsync', 'always');
    }
    await redis.command('ACL', 'SETUSER', 'default', '-config');
    try {
      const set = await redis.open();
      expect(set.bus.health()).toMatchObject({ status: 'degraded', reason: expect.stringContaining('does not say') });
    } finally {
      await redis.command('ACL', 'SETUSER', 'default', '+config');
    }
    const { bus } = await redis.open();
    expect(bus.health()).toEqual({ status: 'ready', reason: '' });
  });
});

/** Bytes as text, in JSON. */
function asText(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  const buffer = value as { readonly type?: string; readonly data?: number[] } | null;
  return buffer?.type === 'Buffer' ? new TextDecoder().decode(Uint8Array.from(buffer.data ?? [])) : value;
}
