import { spawnSync } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FaultLibrary } from '../../../apps/scenarios/src/drive/fault-library.ts';
import { redisConnections } from '../../../packages/oona/src/redis.ts';
import { type RedisServer, startRedis } from '../../../packages/testkit/src/index.ts';
import { frozenHosts } from './frozen-hosts.ts';
import { type Scene, type Stage, Steps, step } from './scene.ts';

const SECRET = 'a secret of the drill, long enough for any key';

/** A host that shares its runs through a Redis of its own, has decided once, and then suffers what `fault` does to that Redis. */
const brokenRedis = (
  about: Pick<Scene, 'name' | 'fault' | 'fires'>,
  fault: (redis: RedisServer) => Promise<void>,
): Scene => ({
  ...about,
  play: async (stage) => {
    const redis = await startRedis();
    try {
      const environment = { REDIS_URL: redis.url, ESPER_LEYLINE_SECRET: SECRET };
      const service = await stage.open({ dataDir: await stage.folder(), environment });
      const steps = new Steps();
      while ((await step(service, steps.next())) === undefined);
      await fault(redis);
      await stage.until(about.fires, async () => void (await step(service, steps.next())));
      redis.resume();
      await service.close();
    } finally {
      await redis.stop();
    }
  },
});

/** A database as Urza's own program makes it, with one blueprint. */
function makeUrzaDatabase(path: string): void {
  const program = `
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    database.execute("CREATE TABLE blueprints (blueprint_id TEXT PRIMARY KEY, name TEXT, tier TEXT, artifact_path TEXT, metadata_json TEXT)")
    database.execute("INSERT INTO blueprints VALUES ('BP001', 'a block', 'BLUEPRINT_TIER_SAFE', '/a', '{\\"risk\\": 0.2}')")
database.close()
`;
  const { status, stderr } = spawnSync('python3', ['-c', program, path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`python3 made no database: ${stderr}`);
}

async function lostDatabase(stage: Stage): Promise<void> {
  const dataDir = await stage.folder();
  const urzaDatabase = join(dataDir, 'urza.db');
  makeUrzaDatabase(urzaDatabase);
  await stage.open({ dataDir, settings: { urzaDatabase } });
  await rm(urzaDatabase);
  await stage.until(['TamiyoCatalogueStale/happened'], () => delay(100));
}

/** More runs at once than look-ups may be unanswered. */
const RUNS = 70;

async function silentLibrary(stage: Stage): Promise<void> {
  const library = new FaultLibrary();
  const service = await stage.open({
    dataDir: await stage.folder(),
    settings: { 'deadlines.metadataMs': 50 },
    faults: { blueprints: (real) => library.before(real) },
  });
  library.delayMs = 60_000;
  await stage.until(['TamiyoLibraryNotAsked/so'], async () => {
    await Promise.all(Array.from({ length: RUNS }, () => step(service, new Steps().next())));
  });
}

/** What hosts have in common. */
export const SHARING_SCENES: readonly Scene[] = [
  brokenRedis(
    {
      name: 'a Redis that hangs',
      fault: 'the Redis that hosts share their runs by is stopped (SIGSTOP)',
      fires: ['TamiyoLedgerUnavailable/so'],
    },
    async (redis) => redis.pause(),
  ),
  brokenRedis(
    {
      name: 'a Redis that lost its data',
      fault: 'everything in the Redis that hosts share their runs by is deleted',
      fires: ['TamiyoLedgerUnusable/so'],
    },
    async (redis) => {
      const connection = await redisConnections(redis.url).open();
      await connection.command(['FLUSHALL']);
      connection.close();
    },
  ),
  {
    name: 'hosts that stand still beyond their lease',
    fault:
      'one of two hosts is stopped (SIGSTOP) with a write in hand until the other has its run; then the other way round',
    fires: ['TamiyoLeaseRanOut/write-refused', 'TamiyoLeaseRanOut/taken-over'],
    play: frozenHosts,
  },
  {
    name: 'a database that is gone',
    fault: 'Urza’s database is deleted while the host runs',
    fires: ['TamiyoCatalogueStale/happened'],
    play: lostDatabase,
  },
  {
    name: 'a library that answers nobody',
    fault: 'look-ups of blueprints are never answered, and seventy runs ask at once',
    fires: ['TamiyoLibraryNotAsked/so'],
    play: silentLibrary,
  },
];
