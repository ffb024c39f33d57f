import type { Bus } from '@esper/oona';
import { hasRedis, type RedisServer, startRedis, tempFolder } from '@esper/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openEnvironmentBus } from '../../src/adapters/environment-bus.js';
import { telemetryNoun } from '../../src/cli/telemetry.js';
import { runNoun } from '../support/run-noun.js';

const SECRET = 'a secret of the tests';

/** What the verbs do, on any bus. `environment` names it. */
function verbs(environmentOf: () => Readonly<Record<string, string>>): void {
  const run = async (...argv: string[]) => {
    const outcome = await runNoun(telemetryNoun, ['telemetry', ...argv, '--json'], environmentOf());
    const objects = outcome.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return { ...outcome, objects, last: objects.at(-1) ?? {} };
  };
  const openBus = () => openEnvironmentBus(environmentOf(), environmentOf()['TAMIYO_DATA_DIR'] ?? '');

  it('CLI-06, RT-21: a routing load says what was attempted, what arrived, what was dropped, how long and how fast', async () => {
    const { code, last } = await run('load', '--count', '60', '--rate', '0', '--priority', 'critical');
    expect(last).toMatchObject({
      attempted: 60,
      succeeded: 60,
      inSummaries: 0,
      dropped: 0,
      ledgerExact: true,
      bus: { published: 60, refused: {} },
    });
    expect(Number(last['durationMs'])).toBeGreaterThan(0);
    expect(code).toBe(0);
    const limited = await run('load', '--count', '10', '--per-minute', '3');
    expect(limited.last).toMatchObject({ attempted: 10, succeeded: 3, inSummaries: 7, dropped: 0 });
  });

  it('the rate is kept', async () => {
    const { last } = await run('load', '--count', '20', '--rate', '100', '--priority', 'normal');
    expect(Number(last['durationMs'])).toBeGreaterThanOrEqual(190);
  });

  it('CLI-07, RT-21: a dry drain prints lengths and changes nothing, a drain acknowledges for every group', async () => {
    const opened = await openBus();
    const idle = await opened.bus.subscribe('oona.emergency', 'weatherlight', async () => undefined);
    await idle.close();
    await opened.close();
    await run('load', '--count', '5', '--priority', 'high');
    await run('load', '--count', '3', '--priority', 'low');
    const dry = await run('drain', '--streams', 'both', '--dry-run');
    expect(dry.last).toMatchObject({
      dryRun: true,
      streams: [
        { stream: 'oona.emergency', entries: 5, unacknowledged: { weatherlight: 5 } },
        { stream: 'oona.telemetry', entries: 3, unacknowledged: {} },
      ],
    });
    const wet = await run('drain');
    expect([wet.code, wet.last]).toMatchObject([0, { drained: 8, complete: true }]);
    const after = await run('drain', '--dry-run');
    expect(after.last).toMatchObject({ streams: [{ unacknowledged: { weatherlight: 0 } }, { unacknowledged: {} }] });
  });

  it('CLI-11: tail prints recent packets and leaves nothing behind', async () => {
    await run('load', '--count', '3', '--priority', 'critical');
    const tailed = await run('tail', '--stream', 'emergency', '--count', '2', '--for', '5');
    expect(tailed.objects).toHaveLength(2);
    expect(tailed.objects[0]).toMatchObject({
      stream: 'oona.emergency',
      priority: 'CRITICAL',
      summary: 'telemetry_load',
      events: ['telemetry_load'],
    });
    const { last } = await run('drain', '--dry-run', '--streams', 'emergency');
    expect(Object.keys((last['streams'] as [{ unacknowledged: object }])[0].unacknowledged)).not.toContainEqual(
      expect.stringContaining('tail-'),
    );
  });

  it('requeue sends dead letters back', async () => {
    const opened = await openBus();
    await opened.bus.subscribe('oona.telemetry', 'broken', async () => {
      throw new Error('always');
    });
    await publishBroken(opened.bus);
    while (opened.bus.counters().deadLettered < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    await opened.close();
    const { code, last } = await run('requeue', '--count', '10');
    expect([code, last]).toEqual([0, { requeued: 1, refused: 0 }]);
  });

  it('an option that cannot be used is refused by name', async () => {
    for (const argv of [
      ['tail', '--stream', 'all'],
      ['load', '--priority', 'urgent'],
      ['load', '--count', 'many'],
    ]) {
      const { code, stdout } = await run(...argv);
      expect([code, stdout.includes('OPTION_INVALID')], argv.join(' ')).toEqual([1, true]);
    }
  });
}

async function publishBroken(bus: Bus): Promise<void> {
  const result = await bus.publish('oona.telemetry', {
    version: 1,
    messageType: 'TELEMETRY',
    messageId: 'broken-1',
    priority: 'NORMAL',
    sentAtMs: Date.now(),
    payload: Uint8Array.of(1),
    attributes: {},
  });
  expect(result.ok).toBe(true);
}

describe('tamiyo telemetry, on the embedded bus', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>;
  beforeEach(async () => {
    folder = await tempFolder('telemetry-cli-');
  });
  afterEach(() => folder.remove());
  verbs(() => ({ TAMIYO_DATA_DIR: folder.path }));
});

describe.skipIf(!hasRedis())('tamiyo telemetry, on a real redis-server', () => {
  let server: RedisServer;
  let prefix = 0;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    prefix += 1;
  });
  verbs(() => ({
    REDIS_URL: server.url.replace(/0$/, `${prefix}`),
    ESPER_LEYLINE_SECRET: SECRET,
    OONA_EMERGENCY_STREAM: 'other.emergency',
  }));

  it('without a secret it refuses to start', async () => {
    const { code, stdout } = await runNoun(telemetryNoun, ['telemetry', 'drain', '--json'], { REDIS_URL: server.url });
    expect([code, stdout.includes('ESPER_LEYLINE_SECRET')]).toEqual([1, true]);
  });
});
