import { parseArgs } from 'node:util';

/** The flags every drill and benchmark takes. */
export interface DrillFlags {
  readonly seed: number;
  /** Wall time to spend, in milliseconds. */
  readonly budgetMs: number;
  readonly count: number | undefined;
  readonly json: boolean;
  readonly assert: boolean;
  /** A known fault to plant; the drill must then fail. */
  readonly sabotage: string | undefined;
  readonly rest: readonly string[];
  /** The options of this drill alone, as given; see {@link DrillSpec.options}. */
  readonly own: Readonly<Record<string, string | undefined>>;
}

export interface DrillSpec {
  readonly name: string;
  readonly defaultBudgetMs: number;
  /** Fault name → what it does. */
  readonly sabotages?: Readonly<Record<string, string>>;
  /** Options of this drill alone; each takes a value. */
  readonly options?: readonly string[];
}

export interface DrillOutcome {
  /** The object printed as the last line of stdout. Keys are API. */
  readonly json: Readonly<Record<string, unknown>>;
  /** What was asserted and did not hold; empty when all is well. */
  readonly failures: readonly string[];
}

/** A flag that cannot be: the drill says so and ends with 2. */
export class UsageError extends RangeError {}

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/;
const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/** `60s`, `1500ms`, `10m`, or a bare number of seconds, in milliseconds. Throws on anything else. */
export function parseDurationMs(text: string): number {
  const match = DURATION.exec(text);
  if (match === null) throw new UsageError(`not a duration such as 60s, 500ms or 10m: ${text}`);
  return Number(match[1]) * UNIT_MS[(match[2] ?? 's') as keyof typeof UNIT_MS];
}

/** `text` as a whole number of at least `min`; `UsageError` names the flag. */
export const wholeNumber = (name: string, text: string | undefined, min = 0): number | undefined => {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new UsageError(`--${name} takes a whole number${min > 0 ? ` of at least ${min}` : ''}, got ${text}`);
};

/** Reads the drill flags. Throws `UsageError` or `TypeError` with what was expected. */
export function parseDrillFlags(spec: DrillSpec, argv: readonly string[]): DrillFlags {
  const own = spec.options ?? [];
  const { values, positionals } = parseArgs({
    args: [...argv].filter((arg) => arg !== '--'),
    allowPositionals: true,
    options: {
      seed: { type: 'string' },
      budget: { type: 'string' },
      count: { type: 'string' },
      json: { type: 'boolean', default: false },
      assert: { type: 'boolean', default: false },
      sabotage: { type: 'string' },
      ...Object.fromEntries(own.map((name) => [name, { type: 'string' as const }])),
    },
  });
  return {
    seed: wholeNumber('seed', values.seed) ?? 1,
    budgetMs: values.budget === undefined ? spec.defaultBudgetMs : parseDurationMs(values.budget),
    // A drill that does nothing proves nothing.
    count: wholeNumber('count', values.count, 1),
    json: values.json,
    assert: values.assert,
    sabotage: values.sabotage,
    rest: positionals,
    own: Object.fromEntries(
      own.map((name) => [name, (values as Readonly<Record<string, unknown>>)[name] as string | undefined]),
    ),
  };
}

/**
 * Runs a drill as a program: prints a readable report (unless `--json`), then one JSON object as the last line, and sets
 * the exit code: 0 all held, 1 something asserted did not hold, 2 wrong usage.
 */
export async function runDrill(spec: DrillSpec, body: (flags: DrillFlags) => Promise<DrillOutcome>): Promise<void> {
  let flags: DrillFlags;
  try {
    flags = parseDrillFlags(spec, process.argv.slice(2));
  } catch (error) {
    console.error(`${spec.name}: ${(error as Error).message}`);
    process.exitCode = 2;
    return;
  }
  const known = spec.sabotages ?? {};
  if (flags.sabotage === 'list') {
    for (const [name, what] of Object.entries(known)) console.error(`${name}: ${what}`);
    console.log(JSON.stringify({ sabotages: Object.keys(known) }));
    return;
  }
  if (flags.sabotage !== undefined && !(flags.sabotage in known)) {
    console.error(`${spec.name}: no sabotage named ${flags.sabotage}; there are: ${Object.keys(known).join(', ')}`);
    process.exitCode = 2;
    return;
  }
  const outcome = await outcomeOf(spec, () => body(flags));
  if (outcome === undefined) return;
  for (const failure of outcome.failures) console.error(`${spec.name}: FAILED: ${failure}`);
  console.log(JSON.stringify(outcome.json));
  process.exitCode = outcome.failures.length === 0 ? 0 : 1;
}

/** What the drill came to; `undefined` when it was told something it cannot do, which has then been said. */
async function outcomeOf(spec: DrillSpec, run: () => Promise<DrillOutcome>): Promise<DrillOutcome | undefined> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${spec.name}: ${error.message}`);
    process.exitCode = 2;
    return undefined;
  }
}
