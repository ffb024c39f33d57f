import { createHmac } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TelemetryEvent } from '@esper/leyline';
import { catalogueBytes } from '@esper/registry';
import { sha256 } from '@esper/registry/node';
import { buildBlueprint, tempFolder } from '@esper/testkit';
import sqlite from 'node-sqlite3-wasm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCatalogue, refresh } from '../../src/host/open-catalogue.js';
import { OpenParts } from '../../src/host/open-parts.js';
import { KEY_BYTES, testKeyRing } from '../support/engine-fixture.js';
import { decideOnce, policyBench } from '../support/policy-bench.js';
import { configOf } from '../support/told-fixture.js';

const SHEET = '{"hazard_band":"LOW","risk_score":0.5}';
const STRANGER = new Uint8Array(32).fill(9);
const signatureBy = (key: Uint8Array): string => createHmac('sha256', key).update(SHEET).digest('hex');
const row = (sig: string, algo = 'HMAC-SHA256'): string =>
  `{"risk": 0.1, "_urza": {"bsds": ${SHEET}, "bsds_sig": {"algo": "${algo}", "sig": "${sig}"}}}`;
const ROWS = {
  ours: row(signatureBy(KEY_BYTES)),
  strangers: row(signatureBy(STRANGER)),
  'other-algorithm': row(signatureBy(KEY_BYTES), 'MD5'),
  'no-hex': row('zz'),
  broken: '{"risk": "high"}',
};

let folder: Awaited<ReturnType<typeof tempFolder>>;
let database: string;
beforeAll(async () => {
  folder = await tempFolder();
  database = join(folder.path, 'catalog.db');
  const db = new sqlite.Database(database);
  db.run('CREATE TABLE blueprints (blueprint_id TEXT, name TEXT, tier TEXT, artifact_path TEXT, metadata_json TEXT)');
  for (const [id, text] of Object.entries(ROWS))
    db.run('INSERT INTO blueprints VALUES (?, ?, ?, ?, ?)', [id, id, 'BLUEPRINT_TIER_SAFE', '/a', text]);
  db.close();
});
afterAll(() => folder.remove());

/** The catalogue of a configuration, and what was told while it was opened. It is closed with what belongs to it. */
async function opened(flags: Readonly<Record<string, string>>) {
  const told: TelemetryEvent[] = [];
  const open = new OpenParts();
  const setup = { config: configOf({ flags: { dataDir: folder.path, ...flags } }), keys: testKeyRing() };
  try {
    return { catalogue: await openCatalogue(setup, (event) => void told.push(event), open), told };
  } finally {
    await open.closeAll();
  }
}

describe('Urza\u2019s library in a host', () => {
  it('D-24: sheets are checked with the keys of the ring; a stranger\u2019s, another algorithm and no hex are invalid', async () => {
    const { catalogue } = await opened({ urzaDatabase: database });
    const signatures = await Promise.all(
      Object.keys(ROWS).map(async (id) => [id, (await catalogue.lookup(id))?.sheet?.signature]),
    );
    expect(Object.fromEntries(signatures)).toEqual({
      ours: 'valid',
      strangers: 'invalid',
      'other-algorithm': 'invalid',
      'no-hex': 'invalid',
      broken: undefined,
    });
  });

  it('a row that cannot be read is told by name and not offered; the others are', async () => {
    const { catalogue, told } = await opened({ urzaDatabase: database });
    expect([...catalogue.knownIds()].sort()).toEqual(['no-hex', 'other-algorithm', 'ours', 'strangers']);
    expect(told).toMatchObject([
      {
        description: 'blueprint_refused',
        level: 'WARNING',
        attributes: { message: expect.stringContaining('broken') },
      },
    ]);
  });

  it('a database that is not there, or none, stops the start with a typed failure', async () => {
    const none = join(folder.path, 'none.db');
    await expect(opened({ urzaDatabase: none })).rejects.toMatchObject({ code: 'CATALOGUE_MISSING' });
    await writeFile(none, 'this is no database, and long enough to have a header of one hundred bytes'.repeat(3));
    await expect(opened({ urzaDatabase: none })).rejects.toMatchObject({ code: 'CATALOGUE_FAILED' });
    await rm(none);
  });

  it('what cannot be read again is told, and breaks nothing', async () => {
    const told: TelemetryEvent[] = [];
    await refresh({ refresh: () => Promise.reject(new Error('moved away')) }, (event) => void told.push(event));
    expect(told).toMatchObject([{ description: 'catalogue_stale', attributes: { error: 'moved away' } }]);
  });

  it('a host that is configured for it decides with its blueprints', async () => {
    const bench = await policyBench();
    try {
      const { host } = await bench.open({ urzaDatabase: database });
      expect(host.catalogue.knownIds().has('ours')).toBe(true);
      expect((await decideOnce(host, 'p-1')).ok).toBe(true);
    } finally {
      await bench.remove();
    }
  }, 120_000);
});

it('D-24: entries of a catalogue\u2019s file are checked with the keys of the ring', async () => {
  const sheet = { signature: 'absent' as const, riskScore: 0.5 };
  const blueprint = { ...buildBlueprint(), sheet };
  const signatureWith = async (key: Uint8Array | undefined) => {
    const sign =
      key === undefined
        ? undefined
        : (bytes: Uint8Array) => new Uint8Array(createHmac('sha256', key).update(bytes).digest());
    const path = join(folder.path, 'signed.json');
    await writeFile(path, catalogueBytes([blueprint], sha256, sign));
    const { catalogue } = await opened({ catalogueFile: path });
    return (await catalogue.lookup(blueprint.blueprintId))?.sheet?.signature;
  };
  expect(await signatureWith(KEY_BYTES)).toBe('valid');
  expect(await signatureWith(STRANGER)).toBe('invalid');
  expect(await signatureWith(undefined)).toBe('absent');
});
