/** The prototype's two side files: open windows, and what became of reports. */
export type LegacySidecarKind = 'windows' | 'retry_index';

export type LegacyEntry = Readonly<Record<string, string | number | boolean>>;

export interface LegacySidecar {
  readonly entries: ReadonlyMap<string, LegacyEntry>;
  /** Everything that was not as it should be, one sentence each. Empty means: all of it can be believed. */
  readonly problems: readonly string[];
}

type FieldKind = 'text' | 'whole' | 'finite' | 'flag';

/** Field → what it must be. Absent fields are left out of the entry. */
const FIELDS: Readonly<Record<LegacySidecarKind, Readonly<Record<string, FieldKind>>>> = {
  windows: {
    seed_id: 'text',
    blueprint_id: 'text',
    training_run_id: 'text',
    policy_version: 'text',
    last_reason: 'text',
    issued_at_iso: 'text',
    start_epoch: 'whole',
    collected: 'whole',
    target: 'whole',
    count_hook_latency: 'whole',
    sum_loss_delta: 'finite',
    min_loss_delta: 'finite',
    max_loss_delta: 'finite',
    sum_hook_latency_ms: 'finite',
    has_critical: 'flag',
  },
  retry_index: {
    published: 'flag',
    retry_count: 'whole',
    next_attempt_ms: 'whole',
    last_error: 'text',
    dropped: 'flag',
  },
};

const NAMES = { windows: 'observation window', retry_index: 'retry_index entry' } as const;

/** Python writes these, and JSON has no such thing: they become a string that no field accepts. */
const NON_FINITE = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;

const FIT: Readonly<Record<FieldKind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  whole: (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  finite: (value) => typeof value === 'number' && Number.isFinite(value),
  flag: (value) => typeof value === 'boolean',
};

/**
 * Reads a side file with strict types. A field that does not fit is left out and reported, never converted: the text `false`
 * is not true (D-12b). A file that cannot be read at all is a problem, not an empty file (D-12). Never throws for data.
 */
export function readLegacySidecar(kind: LegacySidecarKind, bytes: Uint8Array): LegacySidecar {
  const file = parseFile(bytes);
  if (typeof file === 'string') return { entries: new Map(), problems: [file] };
  const problems: string[] = [];
  const entries = new Map<string, LegacyEntry>();
  for (const [key, value] of Object.entries(file)) {
    if (!isMapping(value)) {
      problems.push(`${NAMES[kind]} '${key}' is not a mapping`);
      continue;
    }
    const { entry, bad } = readEntry(FIELDS[kind], value);
    entries.set(key, entry);
    problems.push(...bad.map((field) => `${NAMES[kind]} '${key}' has invalid ${field}`));
  }
  return { entries, problems };
}

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseFile(bytes: Uint8Array): Readonly<Record<string, unknown>> | string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return 'the file is not UTF-8';
  }
  try {
    const value: unknown = JSON.parse(
      text.replace(NON_FINITE, (found) => (found.startsWith('"') ? found : '{"nonFinite":true}')),
    );
    return isMapping(value) ? value : 'the file is not a mapping';
  } catch {
    return 'the file is not JSON';
  }
}

function readEntry(
  fields: Readonly<Record<string, FieldKind>>,
  value: Readonly<Record<string, unknown>>,
): { readonly entry: LegacyEntry; readonly bad: readonly string[] } {
  const entry: Record<string, string | number | boolean> = {};
  const bad: string[] = [];
  for (const [field, kind] of Object.entries(fields)) {
    const given = Object.hasOwn(value, field) ? value[field] : undefined;
    if (given === undefined) continue;
    if (FIT[kind](given)) entry[field] = given as string | number | boolean;
    else bad.push(field);
  }
  return { entry, bad };
}
