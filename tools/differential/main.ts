import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../cli/workspace.ts';
import { compareFolder } from './compare-folder.ts';
import { deviationsPage, type Share, sharesOnPage, unreasoned } from './deviations-page.ts';
import type { Deviation } from './outcome.ts';
import { loadRunners } from './runners.ts';
import { type Summary, sharesOf } from './tally.ts';
import { VECTOR_FILES } from './vector-files.ts';

interface Flags {
  readonly vectors: string;
  readonly names: readonly string[];
  readonly json: boolean;
  readonly writeDocs: boolean;
}

/** Reads the flags. Throws with what was expected. */
function readFlags(argv: readonly string[]): Flags {
  const { values } = parseArgs({
    args: argv.filter((arg) => arg !== '--'),
    options: {
      vectors: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      'write-docs': { type: 'boolean', default: false },
    },
  });
  const vectors = values.vectors ?? process.env['TAMIYO_VECTORS'];
  if (vectors === undefined) throw new Error('give --vectors DIR, or set TAMIYO_VECTORS');
  if (!existsSync(vectors)) throw new Error(`there is no folder ${vectors}`);
  const known = Object.keys(VECTOR_FILES);
  const names = values.only === undefined ? known : values.only.split(',').map((name) => name.trim());
  const strange = names.filter((name) => !known.includes(name));
  if (strange.length > 0) throw new Error(`no vectors named ${strange.join(', ')}; there are: ${known.join(', ')}`);
  return { vectors: resolve(vectors), names, json: values.json, writeDocs: values['write-docs'] };
}

function report(summary: Summary): void {
  const row = (cells: readonly (string | number)[]) =>
    console.log(cells.map((text, at) => (at === 0 ? String(text).padEnd(22) : String(text).padStart(12))).join(''));
  row(['file', 'cases', 'equal', 'explained', 'unexplained']);
  for (const [file, tally] of Object.entries(summary.byFile)) {
    row([file, tally.cases, tally.equal, tally.explainedCases, tally.unexplained]);
    for (const [id, count] of Object.entries(tally.explained).sort(([, a], [, b]) => b - a)) {
      console.log(
        `  ${id.padEnd(20)}${String(count).padStart(12)}${((100 * count) / tally.cases).toFixed(1).padStart(8)} %`,
      );
    }
  }
  for (const [name, why] of Object.entries(summary.skipped)) console.log(`${name.padEnd(22)}skipped: ${why}`);
  for (const { file, line, detail } of summary.examples) console.log(`UNEXPLAINED ${file}:${line ?? '-'} ${detail}`);
  for (const id of unreasoned(sharesOf(summary)))
    console.log(`${id} shows in more than a fifth of a file and has no written reason`);
}

/** Writes `docs/deviations.md`. Files that were not compared this time keep the shares the page had. */
function writePage(deviations: readonly Deviation[], summary: Summary): void {
  const path = join(ROOT, 'docs', 'deviations.md');
  const before: readonly Share[] = existsSync(path) ? sharesOnPage(readFileSync(path, 'utf8')) : [];
  const kept = before.filter(({ file }) => summary.byFile[file] === undefined);
  writeFileSync(path, deviationsPage(deviations, [...kept, ...sharesOf(summary)]));
}

/** `pnpm differential --vectors DIR [--only a,b] [--json] [--write-docs]`: exit 1 when something is unexplained, 2 on wrong usage. */
async function main(): Promise<void> {
  let flags: Flags;
  try {
    flags = readFlags(process.argv.slice(2));
  } catch (error) {
    console.error(`differential: ${(error as Error).message}`);
    process.exitCode = 2;
    return;
  }
  const runners = await loadRunners();
  const summary = await compareFolder(flags.vectors, flags.names, runners);
  if (flags.writeDocs) writePage(runners.deviations, summary);
  if (!flags.json) report(summary);
  console.log(JSON.stringify(summary));
  process.exitCode = summary.unexplained === 0 ? 0 : 1;
}

await main();
