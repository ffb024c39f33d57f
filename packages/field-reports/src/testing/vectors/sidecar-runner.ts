import { type LegacySidecarKind, readLegacySidecar } from '../../wire/legacy-sidecar.js';
import { compared, type VectorOutcome, vectorNumber } from './vector-values.js';

interface SidecarLine {
  readonly kind: LegacySidecarKind;
  readonly file_text?: string | null;
  readonly file_b64?: string;
  readonly out: {
    readonly table: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly errors: readonly string[];
  };
}

/** Python type that each field must have had in the file for the prototype to take it as it is. */
const TYPES: Readonly<Record<string, 'str' | 'int' | 'float' | 'bool'>> = {
  seed_id: 'str',
  blueprint_id: 'str',
  training_run_id: 'str',
  policy_version: 'str',
  last_reason: 'str',
  issued_at_iso: 'str',
  last_error: 'str',
  start_epoch: 'int',
  collected: 'int',
  target: 'int',
  count_hook_latency: 'int',
  retry_count: 'int',
  next_attempt_ms: 'int',
  sum_loss_delta: 'float',
  min_loss_delta: 'float',
  max_loss_delta: 'float',
  sum_hook_latency_ms: 'float',
  has_critical: 'bool',
  published: 'bool',
  dropped: 'bool',
};

function fits(type: string | undefined, value: unknown): boolean {
  if (type === 'str') return typeof value === 'string';
  if (type === 'bool') return value === true || value === false;
  if (typeof value !== 'number' || !Number.isFinite(value)) return false;
  return type === 'float' || (Number.isInteger(value) && value >= 0);
}

/** The file as Python's json sees it, numbers beyond JSON included; `undefined` when it is no mapping. */
function pythonJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(
      text.replace(/(?<=[:[,]\s*)(-?Infinity|NaN)(?=\s*[,}\]])/g, '"\\u0000$1"'),
      (_, one: unknown) => (typeof one === 'string' && one.startsWith('\u0000') ? vectorNumber(one.slice(1)) : one),
    );
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Ours, from the file and what was recorded: fields that fit keep their recorded value, the others are named. */
function expectedOf(line: SidecarLine, file: Readonly<Record<string, unknown>>) {
  const noun = line.kind === 'windows' ? 'observation window' : 'retry_index entry';
  const table: Record<string, Record<string, unknown>> = {};
  const problems: string[] = [];
  for (const [key, entry] of Object.entries(file)) {
    const recorded = line.out.table[key];
    if (recorded === undefined) {
      problems.push(`${noun} '${key}' is not a mapping`);
      continue;
    }
    table[key] = {};
    for (const field of Object.keys(TYPES)) {
      const value = (entry as Readonly<Record<string, unknown>>)[field];
      if (value === undefined) continue;
      if (fits(TYPES[field], value)) (table[key] as Record<string, unknown>)[field] = recorded[field] ?? value;
      else if (belongs(line.kind, field)) problems.push(`${noun} '${key}' has invalid ${field}`);
    }
  }
  return { table, problems: problems.sort() };
}

const RETRY_FIELDS = new Set(['published', 'retry_count', 'next_attempt_ms', 'last_error', 'dropped']);
const belongs = (kind: LegacySidecarKind, field: string): boolean =>
  RETRY_FIELDS.has(field) === (kind === 'retry_index');

/** One line of `sidecars`. A file that is not there is no file: there is nothing to read, and nothing to compare. */
export function runSidecarLine(raw: unknown): readonly VectorOutcome[] {
  const line = raw as SidecarLine;
  if (line.file_b64 === undefined && typeof line.file_text !== 'string') return [{ kind: 'equal' }];
  const bytes =
    line.file_b64 === undefined
      ? new TextEncoder().encode(line.file_text as string)
      : Uint8Array.from(atob(line.file_b64), (char) => char.charCodeAt(0));
  const { entries, problems } = readLegacySidecar(line.kind, bytes);
  const ours = { table: Object.fromEntries(entries), problems: [...problems].sort() };
  const recorded = {
    table: Object.fromEntries(Object.entries(line.out.table).map(([key, entry]) => [key, numbersOf(entry)])),
    problems: [...line.out.errors].sort(),
  };
  const file = line.file_b64 === undefined ? pythonJson(line.file_text as string) : undefined;
  if (file !== undefined) return [compared({ ours, expected: expectedOf(line, file), recorded }, ['DEV-FR-20'])];
  const unreadable = { table: {}, problems: 1 };
  return [
    compared({ ours: { table: ours.table, problems: problems.length }, expected: unreadable, recorded }, ['DEV-FR-21']),
  ];
}

const numbersOf = (entry: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(entry).map(([field, value]) => [
      field,
      value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? vectorNumber(value) : value,
    ]),
  );
