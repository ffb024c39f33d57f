import { join } from 'node:path';
import { systemTimers } from '@esper/oona/node';
import { hmacBusSigner, openRedisBus, redisConnections, uniqueConsumer } from '@esper/oona/redis';
import { systemClock } from '@esper/std/node';
import { buildPacket, hasRedis, type RedisServer, startRedis, tempFolder } from '@esper/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHost } from '../src/compose.js';
import { prepareDemoFiles } from '../src/demo/demo-files.js';
import { configOf } from './support/told-fixture.js';

const SECRET = 'a secret of the tests, long enough for any key';
const PATIENT = {
  profile: 'harness',
  'inference.host': 'thread',
  'inference.standbyCount': '0',
  'deadlines.inferenceMs': '20000',
  'deadlines.metadataMs': '20000',
  'deadlines.decisionMs': '60000',
};

describe.skipIf(!hasRedis())('a host whose bus is on Redis', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>;
  let server: RedisServer;
  beforeAll(async () => {
    folder = await tempFolder();
    server = await startRedis({ fsync: 'everysec' });
  });
  afterAll(async () => {
    await server.stop();
    await folder.remove();
  });

  const open = async (name: string, environment: Readonly<Record<string, string>>) => {
    const dataDir = join(folder.path, name);
    const { keys } = await prepareDemoFiles(dataDir, { shape: { inputs: 256, width: 48, classes: 10 }, policySeed: 1 });
    const config = configOf({ flags: { dataDir, ...PATIENT, 'sharing.hostName': name } });
    return openHost({ config, keys, environment });
  };

  it('telemetry and reports go to the streams there, and each host reads policies in a group of its own', async () => {
    const environment = { REDIS_URL: server.url, ESPER_LEYLINE_SECRET: SECRET };
    const host = await open('one', environment);
    const other = await open('two', environment);
    try {
      const outcome = await host.decide('run-1', buildPacket({ trainingRunId: 'run-1', packetId: 'p-1' }));
      expect(outcome.ok).toBe(true);
    } finally {
      await host.close();
      await other.close();
    }
    const bus = await openRedisBus({
      connections: redisConnections(server.url),
      signer: hmacBusSigner(SECRET),
      clock: systemClock,
      timers: systemTimers,
      consumer: uniqueConsumer(),
    });
    expect(bus.depth('oona.telemetry').entries).toBeGreaterThan(0);
    expect(bus.depth('oona.normal').entries).toBeGreaterThan(0);
    expect(Object.keys(bus.depth('oona.policy').unacknowledged).sort()).toEqual([
      'tamiyo-policy-one',
      'tamiyo-policy-two',
    ]);
    await bus.close();
  });

  it('does not open without the secret that the bus is signed with', async () => {
    await expect(open('three', { REDIS_URL: server.url })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
