import { decodePlain, encodePlain } from '@esper/leyline';
import { TamiyoError } from '../errors.js';
import type { NoteRecord } from './record.js';

const STREAM = 'names';

/** A name and its index, for the log: what a table has learnt survives a restart with the same numbers. */
export const nameNote = (table: string, name: string, index: number): NoteRecord => ({
  kind: 'note',
  stream: STREAM,
  bytes: encodePlain({ table, name, index }),
});

/** Puts a name from the log back into its table. Notes of other streams are left alone. */
export function restoreName(
  note: NoteRecord,
  tables: { restore(table: string, name: string, index: number): void },
): void {
  if (note.stream !== STREAM) return;
  const decoded = decodePlain(note.bytes);
  const value = (decoded.ok ? decoded.value : undefined) as
    | { table?: unknown; name?: unknown; index?: unknown }
    | undefined;
  if (typeof value?.table !== 'string' || typeof value.name !== 'string' || typeof value.index !== 'number') {
    throw new TamiyoError('RECORD_DAMAGED', 'a note about a name cannot be read');
  }
  tables.restore(value.table, value.name, value.index);
}
