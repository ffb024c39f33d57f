import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TABLE_NAMES, type TableName } from '../core/bundle/manifest.js';
import type { NameTables } from '../core/tables/check-tables.js';
import { type NameTable, nameTable } from '../core/tables/name-table.js';
import { TABLE_SPECS } from '../core/tables/table-specs.js';
import { RegistryError, type RegistryRefusal } from '../errors.js';
import { parseTable, tableText } from '../wire/table-file.js';
import { replaceFile } from './durable-file.js';
import { lockFolder } from './folder-lock.js';
import { sha256 } from './sha256.js';

export const LOCK_FILE = 'tables.lock';

/** Where a table of a folder lies. */
export const tablePath = (folder: string, table: TableName): string => join(folder, TABLE_SPECS[table].file);

/** What the file of one table is like. An absent one starts with its fixed names. */
export type TableFinding =
  | { readonly kind: 'held' | 'absent'; readonly path: string; readonly table: NameTable }
  | { readonly kind: 'damaged'; readonly path: string; readonly refusal: RegistryRefusal };

/** Looks at the tables of a folder without taking it and without writing anything. Rejects when a file cannot be read. */
export async function inspectNameTables(folder: string): Promise<Readonly<Record<TableName, TableFinding>>> {
  const found = await Promise.all(TABLE_NAMES.map(async (name) => [name, await inspectTable(folder, name)] as const));
  return Object.fromEntries(found) as Record<TableName, TableFinding>;
}

async function inspectTable(folder: string, table: TableName): Promise<TableFinding> {
  const spec = TABLE_SPECS[table];
  const path = tablePath(folder, table);
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw cause;
  });
  if (bytes === undefined) return { kind: 'absent', path, table: nameTable(spec.capacity, spec.seeded) };
  const parsed = parseTable(bytes, spec, path);
  return parsed.ok ? { kind: 'held', path, table: parsed.value } : { kind: 'damaged', path, refusal: parsed.error };
}

/**
 * The tables of a folder, without taking it. Rejects with `TABLE_CORRUPT` after keeping a copy of the damaged file as
 * `<file>.damaged-<digest>`: nothing ever starts empty instead.
 */
export async function readNameTables(folder: string): Promise<NameTables> {
  const tables: [TableName, NameTable][] = [];
  for (const [name, finding] of Object.entries(await inspectNameTables(folder)) as [TableName, TableFinding][]) {
    if (finding.kind === 'damaged') {
      const { code, message } = finding.refusal;
      throw new RegistryError(code, `${message}; kept as ${await keepAside(finding.path, 'damaged')}`);
    }
    tables.push([name, finding.table]);
  }
  return Object.fromEntries(tables) as Record<TableName, NameTable>;
}

/**
 * Replaces tables of a folder with given ones, each after a copy of the file that was there. An operator's act, never the
 * host's: names learnt since get other indices than before. Rejects with `TABLE_LOCKED` while a host holds the folder.
 * Gives the copies' paths.
 */
export async function restoreNameTables(folder: string, tables: Partial<NameTables>): Promise<readonly string[]> {
  const lock = await lockFolder(join(folder, LOCK_FILE), 'TABLE_LOCKED');
  const kept: string[] = [];
  try {
    for (const [name, table] of Object.entries(tables) as [TableName, NameTable][]) {
      const path = tablePath(folder, name);
      const finding = await inspectTable(folder, name);
      if (finding.kind !== 'absent') kept.push(await keepAside(path, 'replaced'));
      await replaceFile(path, tableText(table));
    }
    return kept;
  } finally {
    await lock.release();
  }
}

async function keepAside(path: string, why: 'damaged' | 'replaced'): Promise<string> {
  const aside = `${path}.${why}-${sha256(await readFile(path)).slice(0, 12)}`;
  await copyFile(path, aside);
  return aside;
}
