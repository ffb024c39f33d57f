import { err, ok, type Result } from '@esper/std';
import { z } from 'zod';
import { TABLE_NAMES, TABLES_FILE, type TableName } from '../core/bundle/manifest.js';
import type { NameTables } from '../core/tables/check-tables.js';
import { type NameTable, namesOf, nameTable } from '../core/tables/name-table.js';
import { TABLE_SPECS } from '../core/tables/table-specs.js';
import type { RegistryRefusal } from '../errors.js';
import { jsonOf } from './strict-json.js';

const TABLES_BYTES_MAX = 16 << 20;
const names = z.array(z.string().min(1)).max(4096);
const schema = z.strictObject({ format: z.literal(1), tables: z.strictObject(eachTable(() => names)) });

/** The bytes of a bundle's `tables.json`: the names of each table, in the order of their indices. */
export function tablesFileBytes(tables: NameTables): Uint8Array {
  const lists = eachTable((table) => namesOf(tables[table]));
  return new TextEncoder().encode(`${JSON.stringify({ format: 1, tables: lists })}\n`);
}

/** The tables a bundle was made with. `TABLE_CORRUPT` when the file is not of its form or breaks a table's rules. */
export function parseTablesFile(bytes: Uint8Array): Result<NameTables, RegistryRefusal> {
  const corrupt = (what: string): Result<never, RegistryRefusal> =>
    err({ code: 'TABLE_CORRUPT', message: `${TABLES_FILE} ${what}` });
  if (bytes.byteLength > TABLES_BYTES_MAX) return corrupt(`has ${bytes.byteLength} bytes, at most ${TABLES_BYTES_MAX}`);
  const json = jsonOf(bytes);
  if (!json.ok) return corrupt(json.error);
  const parsed = schema.safeParse(json.value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return corrupt(`is not of format 1: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  const lists: Readonly<Record<TableName, readonly string[]>> = parsed.data.tables;
  const bad = TABLE_NAMES.find((table) => !isTable(lists[table], TABLE_SPECS[table].capacity));
  if (bad !== undefined) return corrupt(`gives the ${bad} table a name twice, or more names than it can hold`);
  return ok(eachTable((table): NameTable => nameTable(TABLE_SPECS[table].capacity, lists[table])));
}

const isTable = (list: readonly string[], capacity: number): boolean =>
  new Set(list).size === list.length && list.length < capacity;

function eachTable<T>(of: (table: TableName) => T): Record<TableName, T> {
  return Object.fromEntries(TABLE_NAMES.map((table) => [table, of(table)])) as Record<TableName, T>;
}
