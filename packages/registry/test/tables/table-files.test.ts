import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { namesOf, nameTable, parseTablesFile, TABLE_NAMES, tablesFileBytes } from '../../src/index.js';
import { inspectNameTables, openNameTables, readNameTables, restoreNameTables } from '../../src/node.js';

async function folderWith(text: string) {
  const folder = await tempFolder();
  const path = join(folder.path, 'tables');
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'seed_registry.json'), text);
  return { ...folder, path };
}

describe('the files of a folder of tables', () => {
  it('RG-14: an operator sees each table as held, absent or damaged, and looking writes nothing', async () => {
    const folder = await folderWith('{"a": 1, "b": 1}');
    const found = await inspectNameTables(folder.path);
    expect(found.seed).toMatchObject({ kind: 'damaged', refusal: { code: 'TABLE_CORRUPT' } });
    expect(found.schedule.kind === 'absent' && namesOf(found.schedule.table)).toEqual([
      'linear',
      'cosine',
      'warmup_hold',
    ]);
    await writeFile(join(folder.path, 'seed_registry.json'), '{"a": 1}');
    expect((await inspectNameTables(folder.path)).seed).toMatchObject({ kind: 'held' });
    await folder.remove();
  });

  it('a table is restored only on an order, with the file that was there kept aside byte for byte', async () => {
    const damaged = '{"a": 1, "b": 7}';
    const folder = await folderWith(damaged);
    await expect(readNameTables(folder.path)).rejects.toMatchObject({ code: 'TABLE_CORRUPT' });
    const [aside = ''] = await restoreNameTables(folder.path, { seed: nameTable(1024, ['a', 'b', 'c']) });
    expect(await readFile(aside, 'utf8')).toBe(damaged);
    expect(namesOf((await readNameTables(folder.path)).seed)).toEqual(['a', 'b', 'c']);
    await folder.remove();
  });

  it('nothing is restored under a host that holds the tables', async () => {
    const folder = await folderWith('{"a": 1}');
    const held = await openNameTables(folder.path);
    await expect(restoreNameTables(folder.path, { seed: nameTable(1024, ['x']) })).rejects.toMatchObject({
      code: 'TABLE_LOCKED',
    });
    await held.close();
    expect(namesOf((await readNameTables(folder.path)).seed)).toEqual(['a']);
    await folder.remove();
  });
});

describe('tables.json of a bundle', () => {
  const tables = Object.fromEntries(TABLE_NAMES.map((name) => [name, nameTable(64, [`${name}-1`, 'é'])]));
  const bytes = tablesFileBytes(tables as Parameters<typeof tablesFileBytes>[0]);
  const spoiled = (from: string, to: string) =>
    parseTablesFile(new TextEncoder().encode(new TextDecoder().decode(bytes).replace(from, to)));

  it('gives back the names of every table in the order of their indices', () => {
    const parsed = parseTablesFile(bytes);
    expect(parsed.ok && TABLE_NAMES.map((name) => namesOf(parsed.value[name]))).toEqual(
      TABLE_NAMES.map((name) => [`${name}-1`, 'é']),
    );
  });

  it.each([
    ['"format":1', '"format":2'],
    ['"seed":', '"seat":'],
    ['"seed-1"', '""'],
    ['"seed-1"', '"é"'],
    ['"seed-1"', '5'],
    ['"tables"', '"extra":1,"tables"'],
    ['{"format"', '[{"format"'],
  ])('%s as %s is refused', (from, to) => {
    expect(spoiled(from, to)).toMatchObject({ ok: false, error: { code: 'TABLE_CORRUPT' } });
  });
});
