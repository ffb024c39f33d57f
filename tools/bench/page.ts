import { BUDGETS, type Budget } from './budgets.ts';
import { wasQuiet } from './machine.ts';
import type { RecordedRun } from './recorded-run.ts';

const METHOD = `# Benchmarks

Written by \`pnpm bench page\` from \`benchmarks/recorded\`, one recorded run of each benchmark; do not edit. To repeat it, on a machine that does
nothing else: \`pnpm bench record\` (or \`pnpm bench record NAME …\`, one or some), then \`pnpm bench page\`.

**Method.** What is compared runs in one process, warmed up, in turn and in changing order, so that whatever disturbs one disturbs the
other; medians are compared, and a ratio is what to compare between machines. Absolute numbers are for orientation. How quiet the machine
was is measured before and after each benchmark by fixed work (SHA-256 of 256 KiB, 200 times): *noise* is its slowest tenth over its median, and
1.00 would be silence; and by the share of a core that half a second of work gets. Where that was below 0.9, the machine was busy and a
missed budget is not judged. A ratio that differs from its budget by less than the noise says nothing. Packages are measured as sources, through
a loader; \`--built\` measures what is shipped. Nothing here gates: \`--assert\` judges, where a benchmark is asked to.`;

const figure = (value: number): string =>
  Number(value.toPrecision(4)).toLocaleString('en', {
    maximumFractionDigits: 4,
    useGrouping: Math.abs(value) >= 10_000,
  });

function figureAt(figures: unknown, path: readonly string[]): number | undefined {
  let at = figures;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[key];
  }
  return typeof at === 'number' ? at : undefined;
}

/** A budget that is met on a busy machine is met; one that is missed there is not judged. */
function verdictOf({ beyond, limit }: Budget, value: number | undefined, run: RecordedRun | undefined): string {
  if (value === undefined || run === undefined) return 'not measured';
  if (beyond === 'below' ? value < limit : value >= limit) return 'met';
  return quietThroughout(run) ? '**not met**' : 'not judged: busy machine';
}

const quietThroughout = ({ machine, before, after }: RecordedRun): boolean =>
  wasQuiet(before, machine.cores) && wasQuiet(after, machine.cores);

function budgetRow(budget: Budget, runs: readonly RecordedRun[]): string {
  const run = runs.find(({ name }) => name === budget.bench);
  const value = figureAt(run?.figures, budget.path);
  const seen = value === undefined ? '' : `${figure(value)} ${budget.unit}`;
  const wanted = `${budget.beyond} ${figure(budget.limit)} ${budget.unit}`;
  return `| ${budget.what} | ${wanted} | ${seen} | ${verdictOf(budget, value, run)} | ${budget.id ?? ''} | ${budget.bench} |`;
}

/** Every number of a benchmark with the keys that lead to it, in the order it printed them. */
function flat(value: unknown, keys: readonly string[] = []): readonly (readonly [string, string])[] {
  if (typeof value === 'number') return [[keys.join('.'), Number.isFinite(value) ? figure(value) : String(value)]];
  if (typeof value === 'string' || typeof value === 'boolean') return [[keys.join('.'), String(value)]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, [...keys, key]));
}

function section(run: RecordedRun): string {
  const { before, after } = run;
  const rows = flat(run.figures).map(([name, value]) => `| \`${name}\` | ${value} |`);
  return `## ${run.name}

\`${run.command}\`, ${run.startedAt.slice(0, 16).replace('T', ' ')} UTC, ${run.seconds.toFixed(0)} s. ${quietThroughout(run) ? '' : '**The machine was busy.** '}Load ${before.load} before, ${after.load} after; noise ${before.noise.toFixed(2)} before, ${after.noise.toFixed(2)} after.

| figure | value |
|---|---|
${rows.join('\n')}
`;
}

const machineLine = ({ machine }: RecordedRun): string => {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.platform}; ${versions.join(', ')}`;
};

/** docs/benchmarks.md. Throws without any recorded run. */
export function benchmarksPage(runs: readonly RecordedRun[]): string {
  if (runs.length === 0) throw new Error('nothing is recorded; run pnpm bench record first');
  const machines = [...new Set(runs.map(machineLine))];
  const budgets = BUDGETS.map((budget) => budgetRow(budget, runs));
  return `${METHOD}

**Machine.** ${machines.join('. ')}.

## Budgets

| what | budget | measured | verdict | id | benchmark |
|---|---|---|---|---|---|
${budgets.join('\n')}

${runs.map(section).join('\n')}`;
}
