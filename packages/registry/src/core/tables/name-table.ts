import { err, invariant, ok, type Result } from '@esper/std';
import type { RegistryRefusal } from '../../errors.js';

/** Names and their indices, an immutable value. The n names hold exactly the indices 1 to n, in the order they came. */
export interface NameTable {
  readonly capacity: number;
  readonly indexByName: ReadonlyMap<string, number>;
}

/** A longer name is refused: it is a text, not a name. */
const NAME_CHARS_MAX = 256;
const NAME_CHARS_SHOWN = 64;

/**
 * What names a moment instead of a thing: packet ids, UUIDs, placeholders. One of these in a table would make it grow with
 * every step (D-26).
 */
const TRANSIENT =
  /(?:^|[-_:])step[-_:]?\d+$|^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$|^(?:bp-)?unknown$/i;

/** A table that holds `names`, in order. Throws `InvariantError` for names that no table could hold. */
export function nameTable(capacity: number, names: readonly string[] = []): NameTable {
  const indexByName = new Map(names.map((name, at) => [name, at + 1]));
  invariant(
    indexByName.size === names.length && !indexByName.has(''),
    'the names of a table are distinct and not blank',
  );
  invariant(names.length < capacity, 'a table holds fewer names than its capacity');
  return { capacity, indexByName };
}

/** The index of a name: 0 for the blank name, `undefined` for one that has none. */
export function indexOf(table: NameTable, name: string): number | undefined {
  return name === '' ? 0 : table.indexByName.get(name);
}

/** Refuses what is no name of a thing: `TABLE_NAME_INVALID` or `TABLE_NAME_TRANSIENT`. */
export function admitName(name: string): Result<string, RegistryRefusal> {
  const shown = JSON.stringify(name.slice(0, NAME_CHARS_SHOWN));
  if (name.length > NAME_CHARS_MAX) {
    const message = `${shown}… has ${name.length} characters, at most ${NAME_CHARS_MAX}`;
    return err({ code: 'TABLE_NAME_INVALID', message });
  }
  if (TRANSIENT.test(name)) {
    return err({ code: 'TABLE_NAME_TRANSIENT', message: `${shown} names a moment, not a thing, and gets no index` });
  }
  return ok(name);
}

/**
 * The table with `name` in it, and the name's index. A known name changes nothing. `TABLE_FULL` when no index is left: the
 * same answer for every name in every process, never an index that another name has.
 */
export function register(
  table: NameTable,
  name: string,
): Result<{ readonly table: NameTable; readonly index: number }, RegistryRefusal> {
  const known = indexOf(table, name);
  if (known !== undefined) return ok({ table, index: known });
  const index = table.indexByName.size + 1;
  if (index >= table.capacity) {
    const shown = JSON.stringify(name.slice(0, NAME_CHARS_SHOWN));
    return err({ code: 'TABLE_FULL', message: `${shown} gets no index: all ${table.capacity - 1} are taken` });
  }
  return ok({ table: { ...table, indexByName: new Map(table.indexByName).set(name, index) }, index });
}

/** Names in index order. */
export const namesOf = (table: NameTable): readonly string[] => [...table.indexByName.keys()];
