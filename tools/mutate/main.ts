import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { PartialStrykerOptions } from '@stryker-mutator/api/core';
import { Stryker } from '@stryker-mutator/core';
import { ROOT, workspacePackages } from '../cli/workspace.ts';
import { compareReasons, type ExplainedSurvivor, type MutationReport, mutationPage, summarise } from './report.ts';

/**
 * `pnpm mutate PACKAGE [--only src/a.ts,src/b.ts:3-9] [--concurrency N] [--write]`: changes the sources of a package one
 * small step at a time and sees whether a test notices. What is mutated, which tests are left out and why a survivor
 * survives stands in the package's `mutation.json`. Takes minutes to an hour; never part of `pnpm check`.
 */
interface MutationConfig {
  readonly mutate: readonly string[];
  readonly leaveOut: readonly string[];
  readonly scoreMin: number;
  readonly survivors: readonly ExplainedSurvivor[];
}

const { values, positionals } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    concurrency: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});

const configured = workspacePackages().filter(({ folder }) => existsSync(join(ROOT, folder, 'mutation.json')));
const chosen = configured.find(({ dirName }) => dirName === positionals[0]);

if (chosen === undefined) {
  console.error(`usage: pnpm mutate PACKAGE; packages: ${configured.map(({ dirName }) => dirName).join(', ')}`);
  process.exitCode = 2;
} else {
  process.exitCode = await mutate(chosen.dirName, join(ROOT, chosen.folder));
}

function optionsFor(mutated: readonly string[]): PartialStrykerOptions {
  return {
    mutate: [...mutated],
    testRunner: 'in-process',
    plugins: [new URL('runner-plugin.ts', import.meta.url).href],
    coverageAnalysis: 'perTest',
    concurrency: Number(values.concurrency),
    timeoutMS: 10_000,
    reporters: values.json ? ['json'] : ['json', 'progress-append-only', 'clear-text'],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    jsonReporter: { fileName: 'reports/mutation.json' },
    tempDirName: '.stryker-tmp',
    allowEmpty: true,
  };
}

async function mutate(packageName: string, folder: string): Promise<number> {
  const config = JSON.parse(readFileSync(join(folder, 'mutation.json'), 'utf8')) as MutationConfig;
  process.chdir(folder);
  // The plugin is TypeScript, and every process that Stryker starts loads it.
  process.env['NODE_OPTIONS'] = `--import ${import.meta.resolve('tsx')}`;
  await new Stryker(optionsFor(values.only?.split(',') ?? config.mutate)).runMutationTest();
  const report = JSON.parse(readFileSync(join(folder, 'reports', 'mutation.json'), 'utf8')) as MutationReport;
  const summary = summarise(report);
  const { unexplained, stale } = compareReasons(summary.survivors, config.survivors);
  if (values.write && values.only === undefined) {
    const day = new Date().toISOString().slice(0, 10);
    const page = mutationPage(summary, config.survivors, { packageName, mutate: config.mutate, day });
    writeFileSync(join(folder, 'docs', 'mutation.md'), page);
  }
  for (const survivor of unexplained) console.error(`no reason for: ${JSON.stringify(survivor)}`);
  if (values.only === undefined) {
    for (const survivor of stale) console.error(`no longer survives: ${JSON.stringify(survivor)}`);
  }
  const { survivors: _listed, ...counts } = summary;
  console.log(JSON.stringify({ package: packageName, ...counts, unexplained: unexplained.length }));
  return summary.score >= config.scoreMin && unexplained.length === 0 ? 0 : 1;
}
