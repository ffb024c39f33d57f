import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@esper/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { checkTables, describeTables, nameTable, TABLE_NAMES } from '../../src/index.js';
import { openNameTables, readNameTables, sha256 } from '../../src/node.js';

const folders: { remove(): Promise<void> }[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await folder.remove();
});
async function folder(): Promise<string> {
  const made = await tempFolder();
  folders.push(made);
  return join(made.path, 'tables');
}

describe('a folder of tables', () => {
  it('RG-01: indices are stable across restarts, whatever was offered in between', async () => {
    const path = await folder();
    const first = await openNameTables(path);
    first.offer(['a', 'b'].map((name) => ({ table: 'seed' as const, name })));
    await first.close();
    const second = await openNameTables(path);
    second.offer(['c', 'a'].map((name) => ({ table: 'seed' as const, name })));
    await second.close();
    const tables = await readNameTables(path);
    expect([...tables.seed.indexByName]).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect(tables.schedule.indexByName.get('cosine')).toBe(2);
  });

  it('RG-05: a save replaces the file whole, and a half-written temporary of a crash is never read', async () => {
    const path = await folder();
    const tables = await openNameTables(path);
    tables.offer([{ table: 'layer_type', name: 'conv' }]);
    await tables.flush();
    await tables.close();
    await writeFile(join(path, 'layer_type_registry.json.writing'), '{"conv": 1, "lin');
    expect([...(await readNameTables(path)).layer_type.indexByName]).toEqual([['conv', 1]]);
  });

  it('a name has its index when its table is durable, not before', async () => {
    const path = await folder();
    const tables = await openNameTables(path, { saveDelayMs: 60_000 });
    tables.offer([{ table: 'seed', name: 'a' }]);
    expect(tables.tables().seed.indexByName.size).toBe(0);
    expect(tables.stats().pending).toBe(1);
    await tables.flush();
    expect(tables.tables().seed.indexByName.get('a')).toBe(1);
    expect(await readFile(join(path, 'seed_registry.json'), 'utf8')).toBe('{"a": 1}');
    await tables.close();
  });

  it('RG-06: a damaged file is a typed error, kept aside, and stays the reason on every start', async () => {
    const path = await folder();
    await mkdir(path);
    await writeFile(join(path, 'seed_registry.json'), '{"a": 1, "b"');
    for (let start = 0; start < 2; start += 1) {
      await expect(openNameTables(path)).rejects.toMatchObject({
        code: 'TABLE_CORRUPT',
        message: expect.stringContaining('seed_registry.json is not JSON; kept as'),
      });
    }
    const aside = (await readdir(path)).filter((name) => name.includes('.damaged-'));
    expect(aside.length).toBe(1);
    expect(await readFile(join(path, aside[0] ?? ''), 'utf8')).toBe('{"a": 1, "b"');
  });

  it('has one writer: a second one is refused until the first lets go, and a dead one does not block', async () => {
    const path = await folder();
    const first = await openNameTables(path);
    await expect(openNameTables(path)).rejects.toMatchObject({ code: 'TABLE_LOCKED' });
    await first.close();
    await writeFile(join(path, 'tables.lock'), '999999999\n');
    const next = await openNameTables(path);
    await next.close();
    expect(await readdir(path)).not.toContain('tables.lock');
  });

  it('tells each refused name once, counts what is beyond the bound, and drops all after a failed save', async () => {
    const path = await folder();
    const refused: string[] = [];
    const failures: string[] = [];
    const tables = await openNameTables(path, {
      pendingMax: 2,
      saveDelayMs: 60_000,
      onRefused: ({ name }, { code }) => refused.push(`${name} ${code}`),
      onFailed: ({ code }) => failures.push(code),
    });
    const seeds = (...names: string[]) => names.map((name) => ({ table: 'seed' as const, name }));
    tables.offer(seeds('a', 'run-step-1', 'b'));
    expect(tables.stats()).toMatchObject({ pending: 2, dropped: 1 });
    await tables.flush();
    tables.offer(seeds('run-step-1'));
    await tables.flush();
    expect(refused).toEqual(['run-step-1 TABLE_NAME_TRANSIENT']);
    expect(tables.stats()).toMatchObject({ registered: 1, refused: 1 });
    await rm(path, { recursive: true });
    tables.offer(seeds('c'));
    await tables.flush();
    tables.offer(seeds('d'));
    expect(failures).toEqual(['TABLE_SAVE_FAILED']);
    expect(tables.stats()).toMatchObject({ pending: 0, dropped: 3 });
    expect([...tables.tables().seed.indexByName]).toEqual([['a', 1]]);
    await tables.close();
  });
});

describe('tables against a policy', () => {
  const tables = {
    seed: nameTable(1024, ['s1', 's2']),
    blueprint: nameTable(1024, ['BP001']),
    schedule: nameTable(64, ['linear', 'cosine', 'warmup_hold']),
    layer_type: nameTable(1024, ['conv', 'linear']),
    activation_type: nameTable(1024),
    optimizer_family: nameTable(256, ['sgd', 'adam', 'adamw', 'rmsprop', 'adagrad']),
    hazard_class: nameTable(256),
  };
  const manifest = describeTables(tables, sha256);
  const check = (given: Partial<Parameters<typeof checkTables>[0]>) =>
    checkTables({ manifest, tables, pathOf: (table) => `/tables/${table}.json`, sha256, ...given });

  it('RG-09: equal tables and tables that have only grown pass; a table left out of the manifest does not', () => {
    expect(check({})).toEqual({ ok: true, value: true });
    expect(check({ tables: { ...tables, seed: nameTable(1024, ['s1', 's2', 's3']) } }).ok).toBe(true);
    for (const name of TABLE_NAMES) {
      const { [name]: _left, ...digests } = manifest.tables;
      expect(check({ manifest: { ...manifest, tables: digests } })).toEqual({
        ok: false,
        error: { code: 'TABLE_MISSING_IN_MANIFEST', message: `the manifest gives no digest of the ${name} table` },
      });
    }
  });

  it('RG-10: a mismatch names the table, both digests, the path, the counts and the first differing entries', () => {
    const found = nameTable(1024, ['linear', 'conv', 'norm']);
    const result = check({ tables: { ...tables, layer_type: found }, expected: tables });
    expect(result).toMatchObject({ ok: false, error: { code: 'TABLE_MISMATCH' } });
    const message = result.ok ? '' : result.error.message;
    for (const part of [
      'the layer_type table at /tables/layer_type.json',
      `digest ${manifest.tables.layer_type} expected`,
      '2 entries expected, 3 found',
      'index 1 expected "conv", found "linear"; index 2 expected "linear", found "conv"; index 3 expected nothing, found "norm"',
    ]) {
      expect(message).toContain(part);
    }
  });

  it('D-33: every one of the seven tables is compared, in both directions', () => {
    const full = { ...tables, activation_type: nameTable(1024, ['relu']), hazard_class: nameTable(256, ['LOW']) };
    const made = describeTables(full, sha256);
    for (const name of TABLE_NAMES) {
      for (const other of [nameTable(1024, ['something', 'else']), nameTable(1024)]) {
        expect(check({ manifest: made, tables: { ...full, [name]: other } }), name).toMatchObject({
          error: { code: 'TABLE_MISMATCH', message: expect.stringContaining(`the ${name} table`) },
        });
      }
    }
  });

  it('without counts in the manifest a table must be equal', () => {
    const strict = { tables: manifest.tables };
    expect(check({ manifest: strict }).ok).toBe(true);
    expect(check({ manifest: strict, tables: { ...tables, seed: nameTable(1024, ['s1', 's2', 's3']) } }).ok).toBe(
      false,
    );
  });
});
