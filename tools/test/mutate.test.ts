import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bundleSuite, testFiles } from '../mutate/bundle.ts';
import { Collector } from '../mutate/harness.ts';
import { compareReasons, type MutationReport, mutationPage, summarise, textAt } from '../mutate/report.ts';
import { strykerPlugins } from '../mutate/runner-plugin.ts';

const folder = mkdtempSync(join(tmpdir(), 'esper-mutate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A package on disk, with what its test files say. */
function packageWith(name: string, files: Readonly<Record<string, string>>): string {
  const root = join(folder, name);
  mkdirSync(join(root, 'test', 'slow'), { recursive: true });
  writeFileSync(join(root, 'package.json'), JSON.stringify({ name, type: 'module', sideEffects: false }));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  return root;
}

describe('the report of a mutation run', () => {
  const source = 'const a = 1;\nconst b = a > 0\n  ? 1 : 2;\n';
  const at = (line: number, column: number, endLine: number, endColumn: number) => ({
    start: { line, column },
    end: { line: endLine, column: endColumn },
  });
  const mutant = (status: string, location = at(2, 11, 2, 16), replacement = 'a >= 0') => ({
    mutatorName: 'EqualityOperator',
    replacement,
    status,
    location,
  });
  const report: MutationReport = {
    files: {
      'src/core/a.ts': {
        source,
        mutants: [
          mutant('Killed'),
          mutant('Killed'),
          mutant('Timeout'),
          mutant('Survived'),
          mutant('NoCoverage', at(2, 11, 3, 10), 'true'),
          mutant('CompileError'),
        ],
      },
    },
  };
  const summary = summarise(report);
  const [first, second] = summary.survivors;

  it('reads the text a mutant replaces, over several lines too', () => {
    expect(textAt(source, at(2, 11, 2, 16))).toBe('a > 0');
    expect(textAt(source, at(2, 11, 3, 10))).toBe('a > 0\n  ? 1 : 2');
  });

  it('counts what is not covered as survived, and what cannot run not at all', () => {
    expect(summary).toMatchObject({ mutants: 5, killed: 2, timedOut: 1, survived: 2, score: 60 });
    expect([first?.was, first?.became, second?.was]).toEqual(['a > 0', 'a >= 0', 'a > 0 ? 1 : 2']);
    expect(summarise({ files: {} }).score).toBe(0);
  });

  it('a survivor needs a reason of its own, and a reason needs a survivor', () => {
    const known = { ...(first as NonNullable<typeof first>), reason: 'the same for whole numbers' };
    const gone = { ...known, was: 'a < 0' };
    expect(compareReasons(summary.survivors, [known, gone])).toEqual({ unexplained: [second], stale: [gone] });
    expect(compareReasons(summary.survivors, [{ ...known, reason: ' ' }]).unexplained).toHaveLength(2);
  });

  it('writes a page that names every survivor', () => {
    const known = { ...(first as NonNullable<typeof first>), reason: 'the same for whole numbers' };
    const page = mutationPage(summary, [known], { packageName: 'a', mutate: ['src/**'], day: '2026-01-02' });
    expect(page).toContain('Score 60.00 %');
    expect(page).toContain('| src/core/a.ts | EqualityOperator | `a > 0` | `a >= 0` | the same for whole numbers |');
    expect(page).toContain('`a > 0 ? 1 : 2`');
  });
});

describe('the suite in one process', () => {
  it('collects tests in order, with rows, conditions, and hooks around each', async () => {
    const log: string[] = [];
    const root = packageWith('forms', {
      'test/a.test.ts': `
        import { afterEach, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
        export const log: string[] = (globalThis as any).esperMutateLog;
        describe('outer', () => {
          beforeAll(() => log.push('once'));
          beforeEach(() => log.push('before'));
          afterEach(() => log.push('after'));
          it.each([[1, 2], [3, 4]])('%i and %i', (a, b) => { log.push(String(a + b)); });
          describe('inner', () => { test('late', { timeout: 5 }, async () => { log.push('late'); }); });
        });
        it.skipIf(true)('never', () => log.push('never'));
        describe.runIf(false)('never', () => { it('x', () => log.push('never')); });
        it('fails', () => { expect({ a: [1] }).toEqual({ a: [2] }); });
        it('compares loosely', () => { expect({ a: 1, b: 2 }).toEqual(expect.objectContaining({ a: 1 })); });
      `,
    });
    Object.assign(globalThis, { esperMutateLog: log });
    const load = await bundleSuite(root, testFiles(root, []));
    const collector = new Collector();
    load(collector.api);
    expect(collector.tests.map(({ title }) => title)).toEqual([
      'outer > 1 and 2',
      'outer > 3 and 4',
      'outer > inner > late',
      'fails',
      'compares loosely',
    ]);
    const outcomes: string[] = [];
    for (const each of collector.tests) {
      await each.run().then(
        () => outcomes.push('passed'),
        () => outcomes.push('failed'),
      );
    }
    expect(outcomes).toEqual(['passed', 'passed', 'passed', 'failed', 'passed']);
    expect(log.join(' ')).toBe('once before 3 after before 7 after before late after');
  });

  it('loads everything anew each time, and leaves out what it is told to', async () => {
    const root = packageWith('fresh', {
      'count.ts': 'export const made = { times: 0 };',
      'test/a.test.ts': `
        import { expect, it } from 'vitest';
        import { made } from '../count.js';
        it('starts from nothing', () => { made.times += 1; expect(made.times).toBe(1); });
      `,
      'test/slow/b.test.ts': "throw new Error('left out');",
    });
    expect(testFiles(root, [])).toEqual(['a.test.ts', 'slow/b.test.ts']);
    const load = await bundleSuite(root, testFiles(root, ['slow/']));
    for (let n = 0; n < 2; n += 1) {
      const collector = new Collector();
      load(collector.api);
      await Promise.all(collector.tests.map(({ run }) => run()));
    }
  });

  it('is a plugin under the name the runner asks for', () => {
    expect(strykerPlugins.map(({ name }) => name)).toEqual(['in-process']);
  });
});
