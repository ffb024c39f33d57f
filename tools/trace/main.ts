import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../cli/run.ts';
import { ROOT } from '../cli/workspace.ts';
import type { VitestReport } from '../run-tests/totals.ts';
import { fillCatalogue, parseCatalogue, proofs, type TracedTest, traceReport } from './catalogue.ts';

/**
 * `pnpm trace [--report FILE] [--json]`: runs the tests (or reads a report of `vitest --reporter=json`), fills the proof
 * columns of `docs/requirements.md`, and says which requirement ids are proven and which are not.
 */
const { values } = parseArgs({ options: { report: { type: 'string' }, json: { type: 'boolean', default: false } } });
const PAGE = join(ROOT, 'docs/requirements.md');

async function testReport(): Promise<VitestReport> {
  if (values.report !== undefined) return JSON.parse(readFileSync(values.report, 'utf8')) as VitestReport;
  const folder = mkdtempSync(join(tmpdir(), 'tamiyo-trace-'));
  const path = join(folder, 'report.json');
  await run(
    process.execPath,
    [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--reporter=json', `--outputFile.json=${path}`],
    { output: 'capture' },
  );
  if (!existsSync(path)) throw new Error('the test run left no report; run pnpm test to see why');
  const report = JSON.parse(readFileSync(path, 'utf8')) as VitestReport;
  rmSync(folder, { recursive: true });
  return report;
}

const report = await testReport();
const tests: readonly TracedTest[] = report.testResults.flatMap((file) =>
  file.assertionResults.map((test) => ({
    title: test.title,
    file: relative(ROOT, file.name),
    passed: test.status === 'passed',
  })),
);
const proven = proofs(tests);
const page = readFileSync(PAGE, 'utf8');
writeFileSync(PAGE, fillCatalogue(page, proven));
const outcome = traceReport(parseCatalogue(page), proven);
if (!values.json) {
  console.log(`${outcome.proven} of ${outcome.ids} ids in scope are proven by a passing test.`);
  console.log(`missing: ${outcome.missing.join(' ')}`);
}
console.log(JSON.stringify(outcome));
