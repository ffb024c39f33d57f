import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../cli/run.ts';
import { ROOT } from '../cli/workspace.ts';
import { provideDebianPrograms } from './debian-programs.ts';
import { closingLine, countTests, type VitestReport } from './totals.ts';

/**
 * `pnpm test [vitest arguments]`: builds what is stale (child processes and packaging tests use the built files), runs
 * every suite, names what was skipped, and closes with one plain line and the exit code.
 */
await provideDebianPrograms();
const build = await run(process.execPath, ['--import', 'tsx', 'tools/build/main.ts']);
if (build.code !== 0) {
  console.error('the build failed, so no test was run');
  process.exit(build.code);
}

// Kept for `pnpm trace --report`, which then needs no second run.
const reportPath = join(ROOT, 'node_modules', '.cache', 'tamiyo', 'test-report.json');
await rm(reportPath, { force: true });
const tests = await run(process.execPath, [
  join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'),
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${reportPath}`,
  ...process.argv.slice(2),
]);
const totals = countTests(JSON.parse(readFileSync(reportPath, 'utf8')) as VitestReport);

for (const title of totals.skippedTitles) console.log(`skipped: ${title}`);
for (const suite of totals.brokenSuites) console.log(`suite did not run: ${suite}`);
console.log(closingLine(totals));
process.exitCode = totals.passed === 0 ? 1 : tests.code;
