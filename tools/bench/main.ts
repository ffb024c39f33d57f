import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../cli/run.ts';
import { ROOT } from '../cli/workspace.ts';
import { machineNow, measureQuiet } from './machine.ts';
import { benchmarksPage } from './page.ts';
import { recordedRuns, writeRecordedRun } from './recorded-run.ts';

/**
 * `pnpm bench [name] [flags]`: runs `benchmarks/<name>.ts`, or lists what there is. Judges only with `--assert`. With `--built`
 * it measures what is shipped, building first what is stale: sources run through a loader that makes each closure dearer.
 * `pnpm bench record [name …] [flags]` runs them one after the other, or all, and keeps what they print; `pnpm bench page`
 * writes docs/benchmarks.md from what is kept.
 */
const given = process.argv.slice(2).filter((arg) => arg !== '--');
const built = given.includes('--built');
const [name, ...rest] = given.filter((arg) => arg !== '--built');
const folder = join(ROOT, 'benchmarks');
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.replace(/\.ts$/, ''));

const argumentsFor = (bench: string, flags: readonly string[]): readonly string[] => [
  '--import',
  'tsx',
  ...(built ? [] : ['--conditions=@esper/source']),
  join('benchmarks', `${bench}.ts`),
  ...flags,
];

async function buildFirst(): Promise<boolean> {
  if (!built) return true;
  const filter = '--filter=@esper/benchmarks^...';
  return (await run(process.execPath, ['--import', 'tsx', 'tools/build/main.ts', filter])).code === 0;
}

function unknownAmong(names: readonly string[]): boolean {
  const unknown = names.filter((bench) => !known.includes(bench));
  if (unknown.length > 0) console.error(`no benchmark named ${unknown.join(', ')}; there are: ${known.join(', ')}`);
  return unknown.length > 0;
}

async function record(bench: string, flags: readonly string[]): Promise<number> {
  const before = measureQuiet();
  const startedAt = new Date().toISOString();
  const beganAt = performance.now();
  const outcome = await run(process.execPath, argumentsFor(bench, ['--json', ...flags]), { output: 'capture' });
  if (outcome.code !== 0) {
    console.error(outcome.stderr.trim());
    return outcome.code;
  }
  const seconds = (performance.now() - beganAt) / 1000;
  const figures = JSON.parse(outcome.stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  const command = ['pnpm', 'bench', bench, ...flags, ...(built ? ['--built'] : [])].join(' ');
  writeRecordedRun({
    name: bench,
    command,
    startedAt,
    seconds,
    machine: machineNow(),
    before,
    after: measureQuiet(),
    figures,
  });
  console.log(`${bench}: recorded in ${seconds.toFixed(0)} s`);
  return 0;
}

async function recordAll(): Promise<number> {
  const flagsFrom = rest.findIndex((arg) => arg.startsWith('-'));
  const named = flagsFrom < 0 ? rest : rest.slice(0, flagsFrom);
  const flags = flagsFrom < 0 ? [] : rest.slice(flagsFrom);
  if (unknownAmong(named)) return 2;
  if (!(await buildFirst())) return 1;
  for (const bench of named.length > 0 ? named : known) {
    const code = await record(bench, flags);
    if (code !== 0) return code;
  }
  return 0;
}

async function one(bench: string): Promise<number> {
  if (!existsSync(join(folder, `${bench}.ts`))) {
    unknownAmong([bench]);
    return 2;
  }
  return (await buildFirst()) ? (await run(process.execPath, argumentsFor(bench, rest))).code : 1;
}

if (name === undefined || name.startsWith('-')) {
  console.log(
    `benchmarks: ${known.join(', ')}\nusage: pnpm bench NAME [--json] [--seed N] [--budget 60s] [--assert] [--built]\n       pnpm bench record [NAME …] [--budget 60s] [--built]\n       pnpm bench page`,
  );
} else if (name === 'record') {
  process.exitCode = await recordAll();
} else if (name === 'page') {
  writeFileSync(join(ROOT, 'docs/benchmarks.md'), benchmarksPage(recordedRuns()));
  console.log('docs/benchmarks.md');
} else {
  process.exitCode = await one(name);
}
