import { chmod, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nameTable } from '@esper/registry';
import { restoreNameTables } from '@esper/registry/node';
import { unixMs } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { nodeDisk } from '@esper/wal/node';
import sqlite from 'node-sqlite3-wasm';
import { describe, expect, it } from 'vitest';
import { loadInChild } from '../../src/doctor/load-in-child.js';
import { flip, replaceKeys, replacePolicy, segmentOf } from '../support/doctor-plants.js';
import {
  closed,
  examine,
  freePort,
  listen,
  openLog,
  type Site,
  sharedInstallation,
  steadyMachine,
} from '../support/doctor-site.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MIB = 2 ** 20;

const { site } = sharedInstallation();
const without = ({ environment }: Site, name: string): void => void delete environment[name];

interface Plant {
  readonly what: string;
  /** What is to be found, and in which words; nothing else may be. */
  readonly finds: Readonly<Record<string, RegExp>>;
  /** `warn` where a host works all the same. */
  readonly as?: 'warn';
  /** Plants it; what it gives back is awaited afterwards. */
  readonly plant: (at: Site) => Promise<unknown>;
  readonly after?: (planted: unknown) => Promise<unknown>;
}

/** The 21 that the doctor has to find, in the order of its charter. */
const PLANTS: readonly Plant[] = [
  {
    what: 'secret missing',
    finds: { 'keys.present': /KEYS_MISSING.*ESPER_LEYLINE_SECRET/ },
    plant: async (at) => without(at, 'TAMIYO_KEY_FOLDER'),
  },
  {
    what: 'secret too short',
    finds: { 'keys.length': /KEY_TOO_SHORT/ },
    plant: async (at) => {
      without(at, 'TAMIYO_KEY_FOLDER');
      at.environment['ESPER_LEYLINE_SECRET'] = 'thirty-one bytes are one too few'.slice(1);
    },
  },
  {
    what: 'key too old',
    finds: { 'keys.age': /aged is outside its dates/, 'policy.digest': /BUNDLE_SIGNATURE_INVALID/ },
    plant: (at) => replaceKeys(at, 200, 180),
  },
  {
    what: 'key file readable by others',
    finds: { 'keys.private': /KEY_FILE_EXPOSED.*demo-1\.private\.pem is open to others/ },
    plant: ({ data }) => chmod(join(data, 'keys', 'demo-1.private.pem'), 0o644),
  },
  {
    what: 'data folder missing',
    finds: { 'data.folder': /there is nothing at/ },
    plant: async (at) => {
      const keys = `${at.data}-keys`;
      await rename(join(at.data, 'keys'), keys);
      at.environment['TAMIYO_KEY_FOLDER'] = keys;
      await rm(at.data, { recursive: true });
    },
  },
  {
    what: 'data folder not writable',
    finds: { 'data.writable': /cannot write to .*: EACCES/ },
    plant: async (at) => {
      at.ports = { disk: { ...steadyMachine().disk, open: refusing('EACCES') } };
    },
  },
  {
    what: 'data folder on a full disk',
    finds: { 'data.space': /^12 MiB of 1024 MiB are free/ },
    plant: async (at) => {
      at.ports = { space: async () => ({ freeBytes: 12 * MIB, totalBytes: 1024 * MIB }) };
    },
  },
  {
    what: 'WAL locked by another process',
    as: 'warn',
    finds: { 'log.lock': new RegExp(`log is held by process ${process.pid}`) },
    plant: ({ data }) => openLog(join(data, 'log')),
    after: (log) => (log as { close(): Promise<void> }).close(),
  },
  {
    what: 'WAL damaged',
    finds: { 'log.whole': /^log\/.*payload: record \d+, acknowledged/ },
    plant: async (at) => {
      const path = await segmentOf(at);
      await flip(path, (await readFile(path)).indexOf('second record'));
    },
  },
  {
    what: 'fsync implausibly fast (lying disk)',
    finds: { 'data.sync': /takes 0\.010 ms .*that is memory, not a disk/ },
    plant: async (at) => {
      at.ports = steadyMachine(0.01);
    },
  },
  {
    what: 'clock stepped back',
    finds: { 'clock.forward': /dated .*: 3[56]\d\d\.\d s ahead/ },
    plant: async (at) => {
      const { clock, disk } = steadyMachine();
      at.ports = { clock: { ...clock, wallMs: () => unixMs(clock.wallMs() - HOUR_MS) }, disk };
    },
  },
  {
    what: 'policy digest mismatch',
    finds: { 'policy.digest': /BUNDLE_DIGEST_MISMATCH.*policy\.onnx/ },
    plant: async ({ data }) => {
      const [digest] = await readdir(join(data, 'policies', 'bundles'));
      await flip(join(data, 'policies', 'bundles', digest as string, 'policy.onnx'), 1_000);
    },
  },
  {
    what: 'policy expired',
    finds: { 'policy.expiry': /^it expired at 20/ },
    plant: (at) => replacePolicy(at, { expiresAtMs: systemClock.wallMs() - DAY_MS }),
  },
  {
    what: 'wrong architecture version',
    finds: { 'policy.architecture': /the policy is tamiyo_gnn_v9, this host runs tamiyo_gnn_v1/ },
    plant: (at) => replacePolicy(at, { architecture: 'tamiyo_gnn_v9' }),
  },
  {
    what: 'registry table damaged',
    finds: { 'registry.tables': /seed_registry\.json/ },
    plant: ({ data }) => writeFile(join(data, 'tables', 'seed_registry.json'), '{"seed-a": 1, "seed-b": '),
  },
  {
    what: "registry digest differs from the policy's",
    finds: { 'registry.policy': /TABLE_MISMATCH.*seed/ },
    plant: ({ data }) => restoreNameTables(join(data, 'tables'), { seed: nameTable(1024, ['seed-b', 'seed-a']) }),
  },
  {
    what: 'onnxruntime not loadable',
    finds: { 'runtime.load': /does not load: Error: libonnxruntime\.so\.1: cannot open shared object file/ },
    plant: async (at) => {
      const entry = join(at.data, 'runtime.mjs');
      await writeFile(entry, "throw new Error('libonnxruntime.so.1: cannot open shared object file');");
      at.ports = { loadRuntime: () => loadInChild(pathToFileURL(entry).href) };
    },
  },
  {
    what: 'port in use',
    finds: { 'net.port': /127\.0\.0\.1:\d+ is in use$/ },
    plant: ({ environment }) => listen(Number(environment['TAMIYO_HTTP_PORT'])),
    after: (server) => closed(server as Parameters<typeof closed>[0]),
  },
  {
    what: 'Redis unreachable',
    finds: { 'bus.redis': /^Redis cannot be reached: ECONNREFUSED$/ },
    plant: async ({ environment }) => {
      environment['REDIS_URL'] = `redis://user:a-password@127.0.0.1:${await freePort()}`;
    },
  },
  {
    what: 'unknown configuration key',
    finds: { 'config.names': /TAMIYO_STEP_TIMEOUT \(environment\).*did you mean TAMIYO_STEP_TIMEOUT_MS\?/ },
    plant: async ({ environment }) => {
      environment['TAMIYO_STEP_TIMEOUT'] = '5';
    },
  },
  {
    what: 'a test-only flag left on in production mode',
    finds: { 'config.production': /flags\.pauseFallback \(environment\)/ },
    plant: async ({ environment }) => {
      environment['TAMIYO_PAUSE_FALLBACK'] = 'on';
    },
  },
];

const refusing = (code: string) => async (path: string, how: 'read' | 'write' | 'create') => {
  if (how === 'create') throw Object.assign(new Error(`${code}: ${path}`), { code });
  return nodeDisk().open(path, how);
};

describe('tamiyo doctor finds what was planted', () => {
  it('there are 21 of them', () => expect(PLANTS).toHaveLength(21));

  it.each(PLANTS)('$what', async ({ plant, finds, after, as = 'fail' }) => {
    const at = await site();
    const planted = await plant(at);
    try {
      const { code, findings } = await examine(at);
      expect(findings.map(({ id }) => id)).toEqual(Object.keys(finds));
      for (const { id, verdict, saw, next } of findings) {
        expect(verdict).toBe(as);
        expect(saw).toMatch(finds[id] as RegExp);
        // A finding without a way out is of no use.
        expect(next?.length).toBeGreaterThan(20);
        expect(saw + next).not.toContain('a-password');
      }
      expect(code).toBe(as === 'fail' ? 1 : 0);
    } finally {
      await after?.(planted);
      await at.remove();
    }
  });

  it('Urza\u2019s database in the place of the catalogue: not there is a failure, a row that is refused a warning', async () => {
    const at = await site();
    try {
      const path = join(at.data, 'urza.db');
      at.environment['TAMIYO_URZA_DATABASE'] = path;
      expect((await examine(at)).findings).toMatchObject([
        { id: 'data.catalogue', verdict: 'fail', saw: expect.stringMatching(/CATALOGUE_MISSING.*urza\.db/) },
      ]);
      const database = new sqlite.Database(path);
      database.run('CREATE TABLE blueprints (blueprint_id TEXT, name TEXT, tier TEXT, metadata_json TEXT)');
      for (const [id, metadata] of Object.entries({ good: '{}', bad: '{"risk": "high"}' }))
        database.run('INSERT INTO blueprints VALUES (?, ?, ?, ?)', [id, id, 'BLUEPRINT_TIER_SAFE', metadata]);
      database.close();
      const { code, findings } = await examine(at);
      expect(findings).toMatchObject([
        {
          id: 'data.catalogue',
          verdict: 'warn',
          saw: expect.stringMatching(/^1 blueprints of Urza, 1 refused: .*bad/),
        },
      ]);
      expect(code).toBe(0);
    } finally {
      await at.remove();
    }
  });
});
