import { createHash } from 'node:crypto';
import { err, ok, type Result } from '@esper/std';
import { type Config, type ConfigKey, KNOBS, type Knob } from './knobs.js';
import { nearestName } from './nearest-name.js';
import { RETIRED_VARIABLES } from './retired-variables.js';

/** Where a value came from; the first of them that has one wins. */
const CONFIG_SOURCES = ['flag', 'environment', 'file', 'default'] as const;
export type ConfigSource = (typeof CONFIG_SOURCES)[number];

/** What is wrong with the configuration, all of it at once. */
export interface ConfigProblem {
  readonly key: string;
  readonly source: ConfigSource;
  readonly message: string;
  /** `unknown`: no setting has this name. `value`: it does not fit. `test_only`: production refuses it. */
  readonly kind: 'unknown' | 'value' | 'test_only';
}

export interface ResolvedConfig {
  readonly values: Config;
  readonly sources: Readonly<Record<ConfigKey, ConfigSource>>;
  /** SHA-256 over the sorted values, hex; secrets left out. Stands in every decision. */
  readonly digest: string;
}

/** Raw values by dotted key. Flags and environment give text, files give JSON values. */
export interface ConfigInput {
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly file?: Readonly<Record<string, unknown>>;
}

/**
 * Flags over environment over file over defaults. Every problem is reported, not only the first: unknown keys with the
 * nearest known name, values out of range with the range, and test-only values in production.
 */
export function resolveConfig(input: ConfigInput): Result<ResolvedConfig, readonly ConfigProblem[]> {
  const { config, problems } = examineConfig(input);
  return problems.length > 0 ? err(problems) : ok(config);
}

/** What a configuration comes to, for whoever has to go on looking. */
export interface ExaminedConfig {
  /** With the default in the place of each value that does not fit. Not to be run with while there are problems. */
  readonly config: ResolvedConfig;
  readonly problems: readonly ConfigProblem[];
}

/** Like {@link resolveConfig}, and gives values even when there are problems. */
export function examineConfig(input: ConfigInput): ExaminedConfig {
  const file = flatten(input.file ?? {});
  const problems: ConfigProblem[] = [
    ...unknownKeys(input.flags ?? {}, 'flag'),
    ...unknownKeys(file, 'file'),
    ...unknownVariables(input.environment ?? {}),
  ];
  const values: Record<string, unknown> = {};
  const sources: Record<string, ConfigSource> = {};
  for (const [key, knob] of Object.entries(KNOBS) as [ConfigKey, Knob][]) {
    const { source, raw } = firstSource(key, knob, { ...input, file });
    const parsed = source === 'default' ? { success: true as const, data: knob.default } : knob.schema.safeParse(raw);
    if (!parsed.success) {
      const message = problemText(source, raw, parsed.error.issues[0]?.message);
      problems.push({ key, source, message, kind: 'value' });
    }
    values[key] = parsed.success ? parsed.data : knob.default;
    sources[key] = source;
  }
  const config = Object.freeze(values) as Config;
  const known = Object.freeze(sources) as Record<ConfigKey, ConfigSource>;
  problems.push(...productionProblems(config, known), ...relationProblems(config, known));
  return { config: Object.freeze({ values: config, sources: known, digest: digestOf(config) }), problems };
}

function firstSource(key: ConfigKey, knob: Knob, input: ConfigInput): { source: ConfigSource; raw: unknown } {
  const flag = input.flags?.[key];
  if (flag !== undefined) return { source: 'flag', raw: typeof flag === 'string' ? fromText(flag, knob) : flag };
  const variable = input.environment?.[knob.env];
  if (variable !== undefined) return { source: 'environment', raw: fromText(variable, knob) };
  const entry = input.file?.[key];
  return entry === undefined ? { source: 'default', raw: knob.default } : { source: 'file', raw: entry };
}

const TRUE = new Set(['1', 'true', 'yes', 'on']);
const FALSE = new Set(['0', 'false', 'no', 'off']);
const DECIMAL = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** Text as the kind of value the knob holds; text that is none stays text, and the schema refuses it by name. */
function fromText(text: string, knob: Knob): unknown {
  if (typeof knob.default === 'boolean') {
    const word = text.toLowerCase();
    return TRUE.has(word) ? true : FALSE.has(word) ? false : text;
  }
  if (typeof knob.default === 'number') return DECIMAL.test(text) ? Number(text) : text;
  return text;
}

/** `{ deadlines: { inferenceMs: 5 } }` as `{ 'deadlines.inferenceMs': 5 }`. */
function flatten(value: Readonly<Record<string, unknown>>, prefix = ''): Record<string, unknown> {
  const flat: Record<string, unknown> = {};
  for (const [name, entry] of Object.entries(value)) {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    const nested = typeof entry === 'object' && entry !== null && !Array.isArray(entry);
    if (nested) Object.assign(flat, flatten(entry as Record<string, unknown>, key));
    else flat[key] = entry;
  }
  return flat;
}

function unknownKeys(given: Readonly<Record<string, unknown>>, source: ConfigSource): ConfigProblem[] {
  return Object.keys(given)
    .filter((key) => !(key in KNOBS))
    .map((key) => ({
      key,
      source,
      message: `unknown key; did you mean ${nearestName(key, Object.keys(KNOBS))}?`,
      kind: 'unknown',
    }));
}

const OWN_VARIABLES = new Set(['TAMIYO_VECTORS', 'TAMIYO_CONFIG']);

function unknownVariables(environment: Readonly<Record<string, string | undefined>>): ConfigProblem[] {
  const known = Object.values(KNOBS).map((knob) => knob.env as string);
  return Object.keys(environment)
    .filter((name) => name.startsWith('TAMIYO_') && !known.includes(name) && !OWN_VARIABLES.has(name))
    .map((key) => ({
      key,
      source: 'environment' as const,
      message: unknownVariable(key, known),
      kind: 'unknown' as const,
    }));
}

function unknownVariable(name: string, known: readonly string[]): string {
  const retired = RETIRED_VARIABLES[name];
  if (retired !== undefined) return `this setting is gone: ${retired}`;
  return `unknown variable; did you mean ${nearestName(name, known)}?`;
}

const problemText = (source: ConfigSource, raw: unknown, detail: string | undefined): string =>
  `${detail ?? 'invalid'}; the ${source} gave ${JSON.stringify(raw)?.slice(0, 80) ?? 'nothing'}`;

/** Values that exist for tests and harnesses. Production refuses each of them by name. */
function productionProblems(config: Config, sources: Readonly<Record<ConfigKey, ConfigSource>>): ConfigProblem[] {
  if (config.profile !== 'production') return [];
  const offending: ConfigKey[] = [];
  if (config['wal.durability'] === 'written') offending.push('wal.durability');
  if (config['flags.pauseFallback']) offending.push('flags.pauseFallback');
  return offending.map((key) => ({
    key,
    source: sources[key],
    message: 'is for tests and harnesses; the production profile refuses it',
    kind: 'test_only',
  }));
}

/** Settings of which one may not exceed the other. */
const RELATIONS: readonly (readonly [low: ConfigKey, high: ConfigKey])[] = [
  ['blend.alphaLo', 'blend.alphaHi'],
  ['risk.coverageCriticalMax', 'risk.coverageWarnMin'],
];

function relationProblems(config: Config, sources: Readonly<Record<ConfigKey, ConfigSource>>): ConfigProblem[] {
  return RELATIONS.filter(([low, high]) => Number(config[low]) > Number(config[high])).map(([low, high]) => ({
    key: low,
    source: sources[low],
    message: `${String(config[low])} is above ${high}, which is ${String(config[high])}`,
    kind: 'value',
  }));
}

function digestOf(config: Config): string {
  const shown = (Object.entries(KNOBS) as [ConfigKey, Knob][])
    .filter(([, knob]) => knob.secret !== true)
    .map(([key]) => key);
  const text = JSON.stringify(shown.sort().map((key) => [key, config[key]]));
  return createHash('sha256').update(text).digest('hex');
}
