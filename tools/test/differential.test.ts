import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../cli/run.ts';
import { ROOT } from '../cli/workspace.ts';
import { compareFolder, openFolder } from '../differential/compare-folder.ts';
import { deviationsPage, frequent, SHARE_MAX, sharesOnPage, unreasoned } from '../differential/deviations-page.ts';
import { loadRunners, type Runners } from '../differential/runners.ts';
import { sharesOf } from '../differential/tally.ts';

const root = mkdtempSync(join(tmpdir(), 'differential-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const breaker = {
  name: 'b',
  failure_threshold: 3,
  cooldown_ms: 100,
  t0: 0,
  steps: [['ok', 1, null, 1, 0, null, null]],
};
const bent = { ...breaker, steps: [['ok', 1, null, 1, 5, null, null]] };

function folderWith(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(root, name);
  mkdirSync(folder);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

const differential = async (...args: readonly string[]) => {
  const flags = ['--import', 'tsx', '--conditions=@esper/source', join(ROOT, 'tools', 'differential', 'main.ts')];
  const { code, stdout, stderr } = await run(process.execPath, [...flags, ...args], { output: 'capture' });
  return { code, stdout, stderr, json: JSON.parse(stdout.trim().split('\n').at(-1) || '{}') };
};

describe('pnpm differential', () => {
  it('counts what is equal, by file, and skips what is not there, by name', async () => {
    const { code, json } = await differential(
      '--vectors',
      folderWith('good', { 'breaker.jsonl': `${JSON.stringify(breaker)}\n\n` }),
    );
    expect(code).toBe(0);
    expect(json).toMatchObject({ cases: 1, equal: 1, explained: {}, unexplained: 0, examples: [] });
    expect(json.byFile.breaker).toMatchObject({ cases: 1, equal: 1 });
    expect(json.skipped['risk-single']).toBe('not there');
  });

  it('fails on a changed recording, and shows it', async () => {
    const { code, json, stdout } = await differential(
      '--vectors',
      folderWith('bent', { 'breaker.jsonl': `${JSON.stringify(breaker)}\n${JSON.stringify(bent)}` }),
    );
    expect(code).toBe(1);
    expect(json).toMatchObject({ cases: 2, equal: 1, unexplained: 1 });
    expect(json.examples[0]).toMatchObject({ file: 'breaker', line: 1 });
    expect(stdout).toContain('UNEXPLAINED breaker:1');
  });

  it('a damaged line is unexplained, not a crash', async () => {
    const { code, json } = await differential(
      '--vectors',
      folderWith('damaged', { 'breaker.jsonl': '{"name":\n' }),
      '--only',
      'breaker',
      '--json',
    );
    expect([code, json.unexplained]).toEqual([1, 1]);
  });

  it('refuses wrong usage', async () => {
    expect((await differential('--vectors', join(root, 'nowhere'))).code).toBe(2);
    const strange = await differential('--vectors', root, '--only', 'nonsense');
    expect([strange.code, strange.stderr]).toEqual([
      2,
      expect.stringContaining('no vectors named nonsense; there are: golden'),
    ]);
  });
});

const runners = (lines: Runners['lines'], folders: Runners['folders'] = new Map()): Runners => ({
  lines,
  folders,
  deviations: [],
});

describe('the comparison', () => {
  it('takes asynchronous runners, folders, and every deviation of a case', async () => {
    const folder = folderWith('mixed', { 'sidecars.jsonl': '1\n2\n' });
    mkdirSync(join(folder, 'wal'));
    writeFileSync(join(folder, 'wal', 'a.bin'), 'abc');
    const summary = await compareFolder(
      folder,
      ['sidecars', 'wal', 'oms'],
      runners(
        new Map([
          ['sidecars', async (line: unknown) => [{ kind: 'explained', deviation: line === 1 ? 'A+B' : 'A' } as const]],
        ]),
        new Map([
          [
            'wal',
            (files) => [
              files.read('a.bin')?.length === 3 && files.read('b.bin') === undefined
                ? { kind: 'equal' }
                : { kind: 'unexplained', detail: '' },
            ],
          ],
        ]),
      ),
    );
    expect(summary).toMatchObject({
      cases: 3,
      equal: 1,
      explained: { A: 2, B: 1 },
      unexplained: 0,
      skipped: { oms: 'not there' },
    });
    expect(sharesOf(summary)).toEqual([
      { file: 'sidecars', id: 'A', share: 1 },
      { file: 'sidecars', id: 'B', share: 0.5 },
    ]);
  });

  it('a runner that throws or returns nothing makes its line unexplained', async () => {
    const folder = folderWith('broken', { 'sidecars.jsonl': '1\n', 'verifier.jsonl': '1\n' });
    const summary = await compareFolder(
      folder,
      ['sidecars', 'verifier'],
      runners(
        new Map([
          [
            'sidecars',
            () => {
              throw new Error('boom');
            },
          ],
          ['verifier', () => undefined as never],
        ]),
      ),
    );
    expect(summary.examples.map(({ detail }) => detail)).toEqual([
      'the runner threw: boom',
      'the runner threw: it returned no outcome',
    ]);
  });

  it('reads a folder below its root only by name', () => {
    const folder = openFolder(folderWith('listed', { b: '', a: '' }));
    expect([folder.files, folder.folders]).toEqual([['a', 'b'], []]);
  });
});

describe('docs/deviations.md', () => {
  const page = readFileSync(join(ROOT, 'docs', 'deviations.md'), 'utf8');

  it('is in step with the tables of the packages', async () => {
    const { deviations } = await loadRunners();
    expect(page).toBe(deviationsPage(deviations, sharesOnPage(page)));
  });

  it('has a written reason for whatever shows in more than a fifth of a file', () => {
    const shares = sharesOnPage(page);
    expect(shares.filter(({ share }) => share > SHARE_MAX).length).toBeGreaterThan(0);
    expect(frequent(shares).length).toBeGreaterThan(0);
    expect(unreasoned(shares)).toEqual([]);
  });
});
