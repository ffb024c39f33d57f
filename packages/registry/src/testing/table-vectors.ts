import { type NameTable, register } from '../core/tables/name-table.js';
import { entriesDigest, tableDigest } from '../core/tables/table-digest.js';
import type { Sha256 } from '../ports.js';
import { parseTable, tableText } from '../wire/table-file.js';

/** What comparing one recorded result with ours has shown. */
export type VectorOutcome =
  | { readonly kind: 'equal' }
  | { readonly kind: 'explained'; readonly deviation: DeviationId }
  | { readonly kind: 'unexplained'; readonly detail: string };

/** Where we answer differently from the prototype on purpose. */
export const deviations = [
  {
    id: 'DEV-RG-01',
    rule: 'A name beyond the capacity of its table gets no index, and the refusal is the same for every name.',
    why: 'The prototype gives it a hash that differs per process and collides with real indices or 0 (D-33a, RG-04).',
    recognisedBy: 'The recorded index is a hash fallback. Expected: TABLE_FULL.',
  },
  {
    id: 'DEV-RG-02',
    rule: 'A file that is no JSON object is a typed error.',
    why: 'The prototype starts with an empty table, and every index is given anew (D-33b, RG-06).',
    recognisedBy: 'The recorded table is empty although the file is not an empty object. Expected: TABLE_CORRUPT.',
  },
  {
    id: 'DEV-RG-03',
    rule: 'A table whose n distinct, non-blank names do not hold exactly the whole numbers 1 to n is a typed error.',
    why: 'The prototype takes floats, texts, booleans, doubled keys and gaps, and then gives out indices that are taken (D-33).',
    recognisedBy:
      'The recorded indices are not 1 to n, a name is blank, a value in the file is no whole number, or a key stands twice. Expected: TABLE_CORRUPT.',
  },
  {
    id: 'DEV-RG-04',
    rule: 'A table is written in the order of its indices.',
    why: 'The prototype writes the order in which keys stood in the file it read, so equal tables have different files.',
    recognisedBy: 'The recorded text lists the entries in another order. Expected: the same entries by index.',
  },
] as const;
export type DeviationId = (typeof deviations)[number]['id'];

type RecordedIndex = number | { readonly $int: string };
interface TableLine {
  readonly max_size: number;
  readonly file_text?: string;
  readonly file_b64?: string;
  readonly raises?: string;
  readonly table?: readonly (readonly [string, RecordedIndex])[];
  readonly digest?: string;
  readonly gets?: readonly (readonly [string, number | { readonly hash_fallback_mod: number }])[];
  readonly table_after?: readonly (readonly [string, RecordedIndex])[];
  readonly digest_after?: string;
  readonly saved_text?: string | null;
}

const EQUAL: VectorOutcome = { kind: 'equal' };
const compare = (what: string, ours: unknown, theirs: unknown): VectorOutcome => {
  const [left, right] = [JSON.stringify(ours), JSON.stringify(theirs)];
  return left === right ? EQUAL : { kind: 'unexplained', detail: `${what}: ours ${left}, recorded ${right}` };
};

/** The runner of `registry-digest.jsonl`, over a given SHA-256. Vector files are trusted test data: not validated. */
export function tableVectorRunner(sha256: Sha256): (line: unknown) => readonly VectorOutcome[] {
  return (given) => {
    const line = given as TableLine;
    const entries = (line.table ?? []).map(([name, index]) => [name, plain(index)] as const);
    const digest = line.digest === undefined ? [] : [compare('digest', entriesDigest(entries, sha256), line.digest)];
    const loaded = load(line);
    const verdict = judgeLoad(line, loaded);
    if (verdict.kind !== 'equal' || loaded === undefined) return [...digest, verdict];
    return [...digest, verdict, ...growth(line, loaded, sha256)];
  };
}

const plain = (index: RecordedIndex): number | bigint => (typeof index === 'number' ? index : BigInt(index.$int));

const fileOf = (line: TableLine): Uint8Array | undefined => {
  if (line.file_b64 !== undefined) return Uint8Array.from(atob(line.file_b64), (char) => char.charCodeAt(0));
  return line.file_text === undefined ? undefined : new TextEncoder().encode(line.file_text);
};

function load(line: TableLine): NameTable | undefined {
  const file = fileOf(line);
  const spec = { capacity: line.max_size, seeded: [] };
  if (file === undefined) return { ...spec, indexByName: new Map() };
  const parsed = parseTable(file, spec, 'the file');
  return parsed.ok ? parsed.value : undefined;
}

/** Loading, against what the deviations say of this line, worked out from the file and the recording alone. */
function judgeLoad(line: TableLine, ours: NameTable | undefined): VectorOutcome {
  if (line.raises !== undefined) return compare('load', ours === undefined, true);
  const deviation = loadDeviation(line);
  if (deviation !== undefined) {
    return ours === undefined
      ? { kind: 'explained', deviation }
      : { kind: 'unexplained', detail: 'a bad file was loaded' };
  }
  if (ours === undefined) return { kind: 'unexplained', detail: 'a good file was refused' };
  const byIndex = [...(line.table ?? [])].sort((a, b) => Number(a[1]) - Number(b[1]));
  return compare('table', [...ours.indexByName], byIndex);
}

function loadDeviation(line: TableLine): DeviationId | undefined {
  const file = fileOf(line);
  if (file === undefined) return undefined;
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(file);
  const table = line.table ?? [];
  if (table.length === 0) return text.replace(/[ \t\r\n]/g, '') === '{}' ? undefined : 'DEV-RG-02';
  return isSoundTable(table) && isSoundText(text, table.length) ? undefined : 'DEV-RG-03';
}

function isSoundTable(table: readonly (readonly [string, RecordedIndex])[]): boolean {
  const indices = table.map(([, index]) => Number(index)).sort((a, b) => a - b);
  return indices.every((index, at) => index === at + 1) && table.every(([name]) => name !== '');
}

function isSoundText(text: string, entryCount: number): boolean {
  let values: readonly unknown[];
  try {
    values = Object.values(JSON.parse(text) as Record<string, unknown>);
  } catch {
    // Entries came out of what is no JSON: no rule of ours covers that, so it must show as a difference.
    return true;
  }
  const keyCount = text.replace(/"(?:[^"\\]|\\.)*"/gs, '').split(':').length - 1;
  return values.every(Number.isInteger) && keyCount === entryCount;
}

function growth(line: TableLine, loaded: NameTable, sha256: Sha256): readonly VectorOutcome[] {
  const outcomes: VectorOutcome[] = [];
  let table = loaded;
  for (const [name, recorded] of line.gets ?? []) {
    const registered = register(table, name);
    if (registered.ok) table = registered.value.table;
    const ours = registered.ok ? registered.value.index : registered.error.code;
    if (typeof recorded === 'number') outcomes.push(compare(`get ${name}`, ours, recorded));
    else if (ours === 'TABLE_FULL') outcomes.push({ kind: 'explained', deviation: 'DEV-RG-01' });
    else outcomes.push({ kind: 'unexplained', detail: `get ${name}: ours ${ours}, recorded a hash` });
  }
  if (line.digest_after !== undefined)
    outcomes.push(compare('digest after', tableDigest(table, sha256), line.digest_after));
  return typeof line.saved_text === 'string' ? [...outcomes, judgeText(line, tableText(table))] : outcomes;
}

function judgeText(line: TableLine, ours: string): VectorOutcome {
  if (ours === line.saved_text) return EQUAL;
  const after = line.table_after ?? [];
  const isByIndex = after.every(([, index], at) => index === at + 1);
  const sameEntries = compare('saved entries', JSON.parse(ours), JSON.parse(line.saved_text ?? '{}'));
  const sorted = (text: string): string =>
    text
      .slice(1, -1)
      .split(/, (?=")/)
      .sort()
      .join();
  if (!isByIndex && sorted(ours) === sorted(line.saved_text ?? ''))
    return { kind: 'explained', deviation: 'DEV-RG-04' };
  return sameEntries.kind === 'equal'
    ? { kind: 'unexplained', detail: `saved text: ours ${ours.slice(0, 100)}` }
    : sameEntries;
}
