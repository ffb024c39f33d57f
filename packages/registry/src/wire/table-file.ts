import { err, ok, type Result } from '@esper/std';
import { asciiJsonString } from '../core/tables/ascii-json.js';
import type { NameTable } from '../core/tables/name-table.js';
import type { TableSpec } from '../core/tables/table-specs.js';
import type { RegistryRefusal } from '../errors.js';
import { jsonOf } from './strict-json.js';

/** A table's file is one JSON object, name to index, as the prototype writes it. */
const TABLE_BYTES_MAX = 4 << 20;

/**
 * The table in the bytes of its file. `TABLE_CORRUPT` unless it is an object whose n distinct, non-blank names hold the
 * whole numbers 1 to n: a gap or a double would give the next name an index that is taken (D-33). `where` goes into the message.
 */
export function parseTable(
  bytes: Uint8Array,
  spec: Pick<TableSpec, 'capacity' | 'seeded'>,
  where: string,
): Result<NameTable, RegistryRefusal> {
  const corrupt = (what: string): Result<never, RegistryRefusal> =>
    err({ code: 'TABLE_CORRUPT', message: `${where} ${what}` });
  if (bytes.byteLength > TABLE_BYTES_MAX) return corrupt(`has ${bytes.byteLength} bytes, at most ${TABLE_BYTES_MAX}`);
  const json = jsonOf(bytes);
  if (!json.ok) return corrupt(json.error);
  if (typeof json.value !== 'object' || json.value === null || Array.isArray(json.value)) {
    return corrupt('is not an object of names and indices');
  }
  return tableOf(Object.entries(json.value), spec, corrupt);
}

function tableOf(
  entries: readonly (readonly [string, unknown])[],
  { capacity, seeded }: Pick<TableSpec, 'capacity' | 'seeded'>,
  corrupt: (what: string) => Result<never, RegistryRefusal>,
): Result<NameTable, RegistryRefusal> {
  const names: string[] = [];
  for (const [name, index] of entries) {
    const shown = JSON.stringify(name.slice(0, 40));
    if (name === '') return corrupt('gives the blank name an index; it is always 0');
    if (!(Number.isInteger(index) && !Object.is(index, -0)))
      return corrupt(`gives ${shown} an index that is no whole number`);
    const at = Number(index) - 1;
    if (!(at >= 0 && at < entries.length))
      return corrupt(`gives ${shown} the index ${index}, outside 1 to ${entries.length}`);
    if (names[at] !== undefined) return corrupt(`gives the index ${index} twice`);
    names[at] = name;
  }
  if (names.length >= capacity) return corrupt(`holds ${names.length} names, at most ${capacity - 1}`);
  const moved = seeded.findIndex((name, at) => names[at] !== name);
  if (moved !== -1) return corrupt(`does not give ${seeded[moved]} the fixed index ${moved + 1}`);
  return ok({ capacity, indexByName: new Map(names.map((name, at) => [name, at + 1])) });
}

/** The text of a table's file: what `parseTable` reads back, byte for byte what the prototype would write. */
export function tableText(table: NameTable): string {
  const entries = [...table.indexByName].map(([name, index]) => `${asciiJsonString(name)}: ${index}`);
  return `{${entries.join(', ')}}`;
}
