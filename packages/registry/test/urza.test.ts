import { createHmac } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@esper/testkit';
import sqlite from 'node-sqlite3-wasm';
import { describe, expect, it } from 'vitest';
import { openUrzaCatalogue, type UrzaOptions } from '../src/node.js';

interface Row {
  readonly id: string;
  readonly metadata: string;
  readonly tier?: string;
}

async function library(...rows: Row[]) {
  const folder = await tempFolder();
  const path = join(folder.path, 'catalog.db');
  const change = (sql: string, values: string[] = []): void => {
    const database = new sqlite.Database(path);
    database.run(sql, values);
    database.close();
  };
  change(
    'CREATE TABLE blueprints (blueprint_id TEXT PRIMARY KEY, name TEXT, tier TEXT, artifact_path TEXT, metadata_json TEXT)',
  );
  const add = ({ id, metadata, tier = 'BLUEPRINT_TIER_SAFE' }: Row): void =>
    change('INSERT INTO blueprints VALUES (?, ?, ?, ?, ?)', [id, `name of ${id}`, tier, '/a', metadata]);
  for (const row of rows) add(row);
  return { ...folder, path, add };
}

/** The blueprint of one row, through a real database. */
async function read(metadata: string, options: UrzaOptions & { tier?: string } = {}) {
  const { path, remove } = await library({
    id: 'BP001',
    metadata,
    ...(options.tier === undefined ? {} : { tier: options.tier }),
  });
  try {
    return await (await openUrzaCatalogue(path, options)).lookup('BP001');
  } finally {
    await remove();
  }
}
const urza = (extras: string, fields = '"risk": 0.95'): string =>
  `{"blueprint_id": "BP001", ${fields}, "_urza": {${extras}}}`;

describe('rows of Urza', () => {
  it('TA-19, BM-04: a row becomes a descriptor, with what proto3 leaves out', async () => {
    const metadata =
      '{"blueprint_id":"BP001","name":"n","tier":"BLUEPRINT_TIER_SAFE","allowed_parameters":{"alpha":{"max_value":1.0}},"risk":0.2,"_urza":{"tags":["x"],"guard_digest":null}}';
    expect(await read(metadata)).toEqual({
      blueprintId: 'BP001',
      name: 'name of BP001',
      tier: 'SAFE',
      risk: 0.2,
      stage: 0,
      quarantineOnly: false,
      approvalRequired: false,
      description: '',
      allowedParameters: { alpha: { minValue: 0, maxValue: 1 } },
      tags: ['x'],
    });
    expect(await read('{}', { tier: 'BLUEPRINT_TIER_HIGH_RISK' })).toMatchObject({ tier: 'HIGH_RISK', risk: 0 });
  });

  it('D-23: a sheet without a risk score says nothing about risk, and no sheet changes the risk of the descriptor', async () => {
    const silent = await read(urza('"bsds": {"hazard_band": "low"}'));
    expect(silent).toMatchObject({ risk: 0.95, sheet: { hazardBand: 'LOW', signature: 'absent' } });
    expect(silent?.sheet !== undefined && 'riskScore' in silent.sheet).toBe(false);
    expect(await read(urza('"bsds": {"risk_score": 0.0}'))).toMatchObject({ risk: 0.95, sheet: { riskScore: 0 } });
  });

  it('a risk that is NaN or null is unknown, never zero', async () => {
    for (const text of ['NaN', 'null']) {
      const blueprint = await read(urza(`"bsds": {"risk_score": ${text}}`, `"risk": ${text}`));
      expect([blueprint?.risk, blueprint?.sheet?.riskScore]).toEqual([Number.NaN, Number.NaN]);
    }
  });

  it('BM-05: the sheet may be an object or JSON text; bands and classes are matched in any case, others refused', async () => {
    const sheet = {
      hazardBand: 'CRITICAL',
      handlingClass: 'quarantine',
      riskScore: 0.5,
      resourceProfile: 'gpu',
      provenance: 'CURATED',
      issuedAtMs: 1_700_000_000_000,
      signature: 'absent',
    };
    const text =
      '{"hazard_band": "critical", "handling_class": "QUARANTINE", "risk_score": 0.5, "resource_profile": "gpu", "provenance": "CURATED", "issued_at": "2023-11-14T22:13:20Z"}';
    expect((await read(urza(`"bsds": ${text}`)))?.sheet).toEqual(sheet);
    expect((await read(urza(`"bsds": ${JSON.stringify(text)}`)))?.sheet).toEqual(sheet);
    await expect(read(urza('"bsds": {"hazard_band": "SEVERE"}'))).rejects.toMatchObject({ code: 'CATALOGUE_INVALID' });
  });

  it('D-24: the signature of a sheet is checked over the very text that Python signed', async () => {
    const key = 'secret';
    const signed = '{"hazard_band":"LOW","issued_at":"2026-01-01","note":"é 中","risk_score":1e-05,"weights":[1.0,2]}';
    const sig = createHmac('sha256', key).update(signed).digest('hex');
    const stored = `{"weights": [1.0, 2], "risk_score": 1e-05, "note": "\\u00e9 \\u4e2d", "issued_at": "2026-01-01", "hazard_band": "LOW"}`;
    const extras = (sheet: string, given = sig): string =>
      `"bsds": ${sheet}, "bsds_sig": {"algo": "HMAC-SHA256", "sig": "${given}", "prev_sig": ""}`;
    const checkSheet: UrzaOptions['checkSheet'] = (sheet, signature) =>
      signature.algo === 'HMAC-SHA256' && signature.sig === createHmac('sha256', key).update(sheet).digest('hex');
    const signatureOf = async (text: string, options: UrzaOptions = { checkSheet }) =>
      (await read(urza(text), options))?.sheet?.signature;
    expect(await signatureOf(extras(stored))).toBe('valid');
    expect(await signatureOf(extras(stored.replace('1e-05', '1e-06')))).toBe('invalid');
    expect(await signatureOf(extras(stored, '00'))).toBe('invalid');
    expect(await signatureOf(extras(stored), {})).toBe('unchecked');
    expect(await signatureOf(`"bsds": ${stored}`)).toBe('absent');
  });

  it('TA-19, BM-07: the graph comes from graph_metadata, object or text, else from the guard spec, else there is none', async () => {
    const graph = '{"layers": [{"type": "conv"}, {"layer_id": "l1"}], "activations": [{}]}';
    const expected = {
      layers: [{ layerId: 'auto-0', type: 'conv' }, { layerId: 'l1' }],
      activations: [{ activationId: 'auto-0' }],
    };
    expect((await read(urza(`"graph_metadata": ${graph}`)))?.graph).toMatchObject({ ...expected, source: 'urza' });
    expect((await read(urza(`"graph_metadata": ${JSON.stringify(graph)}`)))?.graph).toMatchObject(expected);
    expect((await read(urza('"guard_spec": [{"shape": [1, 2]}, {"shape": [3]}]')))?.graph).toEqual({
      layers: [
        { layerId: 'BP001-L0', type: 'guard_tensor', depth: 0 },
        { layerId: 'BP001-L1', type: 'guard_tensor', depth: 1 },
      ],
      activations: [
        { activationId: 'BP001-A0', type: 'guard_tensor' },
        { activationId: 'BP001-A1', type: 'guard_tensor' },
      ],
      parameters: [],
      source: 'guard_spec',
    });
    expect((await read(urza('')))?.graph).toBeUndefined();
    await expect(read(urza('"graph_metadata": "{not json"'))).rejects.toMatchObject({ code: 'CATALOGUE_INVALID' });
  });

  it('BM-08: adjacency, monitors, allow-lists and mesh host layers are kept', async () => {
    const graph = `{"layers": [{"layer_id": "a"}, {"layer_id": "b"}], "adjacency": {"layer": [[0, 1], [1, 0, 0.5]]},
      "monitors": [{"seed_id": "s", "layer_index": 1}],
      "capabilities": {"allowed_blending_methods": ["linear"], "allowed_parameters_by_seed_id": {"s": ["alpha"]},
        "allowed_parameters_by_seed_index": {"0": [1]}, "mesh_host_layers": ["fc1.weight"]}}`;
    expect((await read(urza(`"graph_metadata": ${graph}`)))?.graph).toMatchObject({
      layerAdjacency: [
        [0, 1],
        [1, 0],
      ],
      monitors: [{ seedId: 's', layerIndex: 1 }],
      allowedBlendingMethods: ['linear'],
      allowedParametersBySeedId: { s: ['alpha'] },
      allowedParametersBySeedIndex: { '0': [1] },
      meshHostLayers: ['fc1.weight'],
    });
  });
});

describe('the database of Urza', () => {
  it('BM-11: a bad row is refused by name and the others are served; a library that is all bad, missing or damaged rejects', async () => {
    const refused: string[] = [];
    const { path, remove } = await library({ id: 'bad', metadata: '{"risk": "high"}' }, { id: 'good', metadata: '{}' });
    const catalogue = await openUrzaCatalogue(path, { onRefused: ({ message }) => refused.push(message) });
    expect([...catalogue.knownIds()]).toEqual(['good']);
    expect(refused).toEqual([expect.stringContaining('blueprint "bad": risk')]);
    await remove();
    await expect(openUrzaCatalogue(path)).rejects.toMatchObject({ code: 'CATALOGUE_MISSING' });
    const other = await library();
    await writeFile(other.path, 'no database at all'.repeat(100));
    await expect(openUrzaCatalogue(other.path)).rejects.toMatchObject({ code: 'CATALOGUE_FAILED' });
    await other.remove();
  });

  it('G-24: follows changes when asked to, writes nothing beside the database, and waits for a commit under way', async () => {
    const { path, add, remove } = await library({ id: 'a', metadata: '{}' });
    const catalogue = await openUrzaCatalogue(path);
    add({ id: 'b', metadata: '{}' });
    expect(await catalogue.lookup('b')).toBeUndefined();
    await catalogue.refresh();
    expect((await catalogue.lookup('b'))?.blueprintId).toBe('b');
    expect(await readdir(join(path, '..'))).toEqual(['catalog.db']);
    await writeFile(`${path}-journal`, 'a commit is under way');
    await expect(openUrzaCatalogue(path)).rejects.toMatchObject({
      code: 'CATALOGUE_FAILED',
      message: expect.stringContaining('did not stand still'),
    });
    await expect(catalogue.refresh()).rejects.toMatchObject({ code: 'CATALOGUE_FAILED' });
    expect((await catalogue.lookup('b'))?.blueprintId).toBe('b');
    await remove();
  });
});
