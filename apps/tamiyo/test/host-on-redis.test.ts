import { join } from 'node:path';
import { decodeMessage } from '@esper/leyline';
import { systemTimers } from '@esper/oona/node';
import { hmacBusSigner, openRedisBus, redisConnections, uniqueConsumer } from '@esper/oona/redis';
import { systemClock } from '@esper/std/node';
import { buildPacket, hasRedis, type RedisServer, startRedis, tempFolder } from '@esper/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEnvironmentBus } from '../src/adapters/environment-bus.js';
import { openHost } from '../src/compose.js';
import { prepareDemoFiles } from '../src/demo/demo-files.js';
import { PATIENT_HOST } from './support/patient-settings.js';
import { configOf } from './support/told-fixture.js';

const SECRET = 'a secret of the tests, long enough for any key';

/** A busy machine must not be taken for a Redis that is away. */
const ANSWERS_LATE = { 'sharing.answerMs': '20000' };

describe.skipIf(!hasRedis())('a host whose bus is on Redis', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>;
  let server: RedisServer;
  beforeAll(async () => {
    folder = await tempFolder();
    server = await startRedis();
  });
  afterAll(async () => {
    await server.stop();
    await folder.remove();
  });

  const open = async (
    name: string,
    environment: Readonly<Record<string, string>>,
    settings: Readonly<Record<string, string>> = {},
  ) => {
    const dataDir = join(folder.path, name);
    const { keys } = await prepareDemoFiles(dataDir, { shape: { inputs: 256, width: 48, classes: 10 }, policySeed: 1 });
    const config = configOf({ flags: { dataDir, ...PATIENT_HOST, 'sharing.hostName': name, ...settings } });
    return openHost({ config, keys, environment });
  };

  it('telemetry and reports go to the streams there, and each host reads policies in a group of its own', async () => {
    const environment = { REDIS_URL: server.url, ESPER_LEYLINE_SECRET: SECRET };
    const host = await open('one', environment, ANSWERS_LATE);
    const other = await open('two', environment, ANSWERS_LATE);
    try {
      const outcome = await host.decide('run-1', buildPacket({ trainingRunId: 'run-1', packetId: 'p-1' }));
      expect(outcome.ok).toBe(true);
    } finally {
      await host.close();
      await other.close();
    }
    const bus = await busOn(server);
    expect(bus.depth('oona.telemetry').entries).toBeGreaterThan(0);
    expect(bus.depth('oona.normal').entries).toBeGreaterThan(0);
    expect(Object.keys(bus.depth('oona.policy').unacknowledged).sort()).toEqual([
      'tamiyo-policy-one',
      'tamiyo-policy-two',
    ]);
    await bus.close();
  });

  it('CF-23: the streams bear the names that the environment gives them', async () => {
    const names = { OONA_TELEMETRY_STREAM: 'site.telemetry', OONA_NORMAL_STREAM: 'site.normal' };
    const more = { OONA_EMERGENCY_STREAM: 'site.emergency', OONA_POLICY_STREAM: 'site.policy' };
    const environment = { REDIS_URL: server.url, ESPER_LEYLINE_SECRET: SECRET, ...names, ...more };
    const host = await open('named', environment, ANSWERS_LATE);
    // A run of its own: what another host on this Redis has answered would only be repeated, without a report.
    const packet = buildPacket({ trainingRunId: 'run-named', packetId: 'p-named' });
    expect(await host.decide('run-named', packet)).toMatchObject({ ok: true, value: { repeated: false } });
    await host.decide('run-named', { not: 'a packet' });
    await host.close();
    const bus = await busOn(server, {
      'oona.telemetry': 'site.telemetry',
      'oona.normal': 'site.normal',
      'oona.emergency': 'site.emergency',
      'oona.policy': 'site.policy',
    });
    for (const stream of ['oona.telemetry', 'oona.normal', 'oona.emergency'] as const) {
      expect([stream, bus.depth(stream).entries > 0]).toEqual([stream, true]);
    }
    expect(Object.keys(bus.depth('oona.policy').unacknowledged)).toEqual(['tamiyo-policy-named']);
    await bus.close();
  });

  it('CF-25: a message that is older than OONA_MESSAGE_TTL_MS is not delivered, and counted', async () => {
    const delivered = async (life: Readonly<Record<string, string>>, group: string) => {
      const environment = { REDIS_URL: server.url, ESPER_LEYLINE_SECRET: SECRET, OONA_NORMAL_STREAM: 'life', ...life };
      const { bus, close } = await openEnvironmentBus(environment, folder.path);
      const seen: string[] = [];
      const last = new Promise<void>((resolve) => {
        void bus.subscribe('oona.normal', group, async ({ envelope }) => {
          seen.push(envelope.messageId);
          if (envelope.messageId === `${group}-new`) resolve();
        });
      });
      const sent = { version: 1, messageType: 'FIELD_REPORT', priority: 'NORMAL', payload: new Uint8Array(1) } as const;
      const nowMs = systemClock.wallMs();
      await bus.publish('oona.normal', {
        ...sent,
        messageId: `${group}-old`,
        sentAtMs: nowMs - 3_600_000,
        attributes: {},
      });
      await bus.publish('oona.normal', { ...sent, messageId: `${group}-new`, sentAtMs: nowMs, attributes: {} });
      await last;
      const { rejected } = bus.counters();
      await close();
      return { seen: seen.filter((id) => id.startsWith(group)), rejected };
    };
    expect(await delivered({}, 'patient')).toEqual({ seen: ['patient-old', 'patient-new'], rejected: {} });
    expect(await delivered({ OONA_MESSAGE_TTL_MS: '900000' }, 'strict')).toMatchObject({
      seen: ['strict-new'],
      rejected: { stale: expect.any(Number) },
    });
    await expect(delivered({ OONA_MESSAGE_TTL_MS: 'soon' }, 'none')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('while Redis is away a host that shares no runs decides on, and what is CRITICAL is kept and arrives when it is back', async () => {
    const away = await startRedis();
    try {
      const environment = { REDIS_URL: away.url, ESPER_LEYLINE_SECRET: SECRET };
      const host = await open('outage', environment, { 'sharing.runs': 'off' });
      await away.kill();
      const failed = await host.decide('run-1', { not: 'a packet' });
      expect(failed).toMatchObject({ ok: false, error: { code: 'PACKET_INVALID' } });
      const packet = buildPacket({ trainingRunId: 'run-1', packetId: 'p-1' });
      expect(await host.decide('run-1', packet)).toMatchObject({ ok: true });
      await away.start();
      const bus = await busOn(away);
      const arrived = await new Promise<string>((resolve) => {
        void bus.subscribe('oona.emergency', 'watch', async ({ envelope }) => {
          const told = decodeMessage('TelemetryPacket', envelope.payload);
          const event = told.ok
            ? told.value.events.find(({ attributes }) => attributes['code'] === 'PACKET_INVALID')
            : undefined;
          if (event !== undefined) resolve(event.level);
        });
      });
      expect(arrived).toBe('CRITICAL');
      await bus.close();
      await host.close();
      expect(host.telemetry.ledger().exact).toBe(true);
    } finally {
      await away.stop();
    }
  });

  it('does not start while its Redis is away, and says what is missing', async () => {
    const gone = await startRedis();
    await gone.kill();
    const environment = { REDIS_URL: gone.url, ESPER_LEYLINE_SECRET: SECRET };
    await expect(open('early', environment)).rejects.toMatchObject({ code: 'OONA_UNREACHABLE' });
    // Nothing of it stays behind: with Redis there it opens on the same folder.
    await gone.start();
    await (await open('early', environment)).close();
    await gone.stop();
  });

  it('does not open without the secret that the bus is signed with', async () => {
    await expect(open('three', { REDIS_URL: server.url })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('hosts on one Redis share their runs; without Redis there is no command; a run known before is brought along', async () => {
    const order = { who: 'mara', why: 'to see whether it comes along' };
    const alone = await open('four', {});
    expect(alone.sharing).toBeUndefined();
    await alone.operate({ kind: 'conservative_set', trainingRunId: 'run-4', order });
    await alone.close();

    const environment = { REDIS_URL: server.url, ESPER_LEYLINE_SECRET: SECRET };
    const host = await open('four', environment, ANSWERS_LATE);
    const other = await open('five', environment, ANSWERS_LATE);
    const packet = (step: number) => buildPacket({ trainingRunId: 'run-4', packetId: `p-${step}`, globalStep: step });
    try {
      const first = await other.decide('run-4', packet(1));
      if (!first.ok) throw first.error;
      expect([first.value.command.commandType, first.value.assessment.conservative]).toEqual(['PAUSE', true]);
      const again = await host.decide('run-4', packet(1));
      expect(again.ok && [again.value.repeated, Buffer.from(again.value.bytes)]).toEqual([
        true,
        Buffer.from(first.value.bytes),
      ]);
      const next = await host.decide('run-4', packet(2));
      expect(next.ok && next.value.identity.sequence).toBe(2);
      expect(next.ok && next.value.identity.issuerEpoch > first.value.identity.issuerEpoch).toBe(true);
      expect(host.sharing?.()).toMatchObject({ handedOver: 1, takenOver: 0, lost: 0 });

      await server.kill();
      const refused = await host.decide('run-4', packet(3));
      expect(refused).toMatchObject({ ok: false, error: { code: 'LEDGER_UNAVAILABLE' } });
      await server.start();
      const back = () => host.decide('run-4', packet(3));
      await expect.poll(back, { timeout: 60_000, interval: 20 }).toMatchObject({ ok: true });
    } finally {
      await host.close();
      await other.close();
    }
  });

  it('RT-19: hosts do not share runs by a Redis that may forget what it answered, unless they are told to', async () => {
    const lossy = await startRedis({ fsync: 'everysec' });
    const environment = { REDIS_URL: lossy.url, ESPER_LEYLINE_SECRET: SECRET };
    await expect(open('seven', environment)).rejects.toMatchObject({
      code: 'LEDGER_LOSSY',
      message: expect.stringContaining('appendfsync everysec'),
    });
    const host = await open('seven', environment, { 'sharing.lossyRedis': 'accept' });
    expect(host.sharing?.()).toMatchObject({ lost: 0 });
    await host.close();
    await lossy.stop();
  });

  it('sharing can be insisted on, and be switched off', async () => {
    await expect(open('six', {}, { 'sharing.runs': 'on' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    const host = await open('six', { REDIS_URL: server.url, ESPER_LEYLINE_SECRET: SECRET }, { 'sharing.runs': 'off' });
    expect(host.sharing).toBeUndefined();
    await host.close();
  });
});

const busOn = (server: RedisServer, streamKeys: Readonly<Record<string, string>> = {}) =>
  openRedisBus(
    {
      connections: redisConnections(server.url),
      signer: hmacBusSigner(SECRET),
      clock: systemClock,
      timers: systemTimers,
      consumer: uniqueConsumer(),
    },
    { streamKeys },
  );
