import type { RegistryRefusal } from '../../errors.js';
import type { TableName } from '../bundle/manifest.js';
import { type NameTable, namesOf } from './name-table.js';

/** One index at which two tables disagree; `undefined` where a table has ended. */
export interface EntryDifference {
  readonly index: number;
  readonly expected: string | undefined;
  readonly found: string | undefined;
}

/** Entries shown in a message. */
const SHOWN_MAX = 3;
const NAME_CHARS_SHOWN = 40;

/** The first `max` indices at which two tables disagree. */
export function tableDifferences(expected: NameTable, found: NameTable, max = SHOWN_MAX): readonly EntryDifference[] {
  const [left, right] = [namesOf(expected), namesOf(found)];
  const differences: EntryDifference[] = [];
  for (let at = 0; at < Math.max(left.length, right.length) && differences.length < max; at += 1) {
    if (left[at] !== right[at]) differences.push({ index: at + 1, expected: left[at], found: right[at] });
  }
  return differences;
}

/** What a message about two tables needs. */
export interface TableMismatch {
  readonly table: TableName;
  readonly path: string;
  readonly expectedDigest: string;
  readonly foundDigest: string;
  readonly expectedCount: number | undefined;
  readonly found: NameTable;
  /** The entries the policy was made with, when the bundle carries them. */
  readonly expected: NameTable | undefined;
}

/** A refusal that says all an operator needs (RG-10): table, digests, path, counts, first differing entries, what to do. */
export function tableMismatch(mismatch: TableMismatch): RegistryRefusal {
  const { table, path, expectedDigest, foundDigest, expectedCount, found, expected } = mismatch;
  const counts = `${expectedCount ?? 'unknown'} entries expected, ${found.indexByName.size} found`;
  const differences =
    expected === undefined
      ? 'the bundle carries no tables.json to compare entries with'
      : `first differences: ${tableDifferences(expected, found).map(describe).join('; ')}`;
  return {
    code: 'TABLE_MISMATCH',
    message: `the ${table} table at ${path} is not the one the policy was made with: digest ${expectedDigest} expected, ${foundDigest} found; ${counts}; ${differences}`,
  };
}

const shown = (name: string | undefined): string =>
  name === undefined ? 'nothing' : JSON.stringify(name.slice(0, NAME_CHARS_SHOWN));

const describe = ({ index, expected, found }: EntryDifference): string =>
  `index ${index} expected ${shown(expected)}, found ${shown(found)}`;
