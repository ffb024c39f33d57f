import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../tools/cli/workspace.ts';

const READMES = [
  'README.md',
  ...['apps', 'packages'].flatMap((group) =>
    readdirSync(join(ROOT, group)).map((name) => `${group}/${name}/README.md`),
  ),
].filter((path) => existsSync(join(ROOT, path)));

/** The commands of a README: its shell blocks, line by line, continued lines joined, comments left out. */
function commandsOf(path: string): readonly string[] {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return [...text.matchAll(/^```(?:sh|bash|shell|console)\n([\s\S]*?)^```/gm)]
    .flatMap(([, block = '']) =>
      block
        .replaceAll(/\\\n\s*/g, ' ')
        .replaceAll(/,\n\s+"/g, ',"')
        .split('\n'),
    )
    .map((line) => line.replace(/\s+#\s.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Commands that this file executes, as they stand, one after the other in one folder. */
const EXECUTED = [
  /^export ESPER_LEYLINE_SECRET=/,
  /^pnpm tamiyo (decide|explain|replay|diff|top|--help)\b/,
  /^pnpm harness$/,
];

/** Commands that are executed in another form, or not at all: where, or why not. Everything else fails. */
const LISTED: readonly (readonly [pattern: RegExp, file: string | undefined, why: string])[] = [
  [
    /pnpm@[\d.]+ install && npx -y pnpm@[\d.]+ demo$|^pnpm demo$/,
    'apps/tamiyo/test/demo.test.ts',
    'the demo, in a short form',
  ],
  [/pnpm@[\d.]+ install && npx -y pnpm@[\d.]+ test$/, undefined, 'it is what runs this file'],
  [/pnpm@[\d.]+ install && npx -y pnpm@[\d.]+ build$/, 'tests/test/packaging.test.ts', 'builds every package'],
  [/tamiyo serve --init/, 'tests/test/http-docs.test.ts', 'starts the host on a free port'],
  [/^echo '\{.*> packet\.json$/, 'tests/test/http-docs.test.ts', 'posts the packet'],
  [/^curl .*\/v1\/runs\/run-1\/decisions$/, 'tests/test/http-docs.test.ts', 'posts the packet'],
  [
    /^(npm install|pnpm add) @esper\//,
    'tests/test/packaging.test.ts',
    'installs from the tarballs, not from a registry',
  ],
  [/^pnpm harness run /, 'apps/scenarios/test/scenarios.test.ts', 'each scenario, in its short form'],
];

const isExecuted = (command: string): boolean => EXECUTED.some((pattern) => pattern.test(command));

describe('every command of every README', () => {
  const all = READMES.flatMap((path) => commandsOf(path).map((command) => ({ path, command })));

  it('is executed here, or listed by name with where it is executed or why it is not', () => {
    expect(all.length).toBeGreaterThan(20);
    const unknown = all.filter(
      ({ command }) => !isExecuted(command) && !LISTED.some(([pattern]) => pattern.test(command)),
    );
    expect(unknown).toEqual([]);
  });

  it('is listed for nothing that no README says any more, and where it is executed exists', () => {
    for (const [pattern, file, why] of LISTED) {
      expect(
        all.some(({ command }) => pattern.test(command)),
        `${pattern}: ${why}`,
      ).toBe(true);
      if (file !== undefined) expect(existsSync(join(ROOT, file)), file).toBe(true);
    }
    for (const pattern of EXECUTED)
      expect(
        all.some(({ command }) => pattern.test(command)),
        String(pattern),
      ).toBe(true);
  });

  it('that is executed here succeeds, one after the other as a new user types them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tamiyo-readme-'));
    symlinkSync(join(ROOT, 'examples'), join(folder, 'examples'));
    const tsx = pathToFileURL(join(ROOT, 'node_modules/tsx/dist/loader.mjs')).href;
    const run = (cli: string) => `${process.execPath} --import ${tsx} --conditions=@esper/source ${join(ROOT, cli)}`;
    const commands = [...new Set(all.map(({ command }) => command).filter(isExecuted))];
    const script = commands
      .map((command) => command.replace('pnpm tamiyo', run('apps/tamiyo/src/cli.ts')))
      .map((command) => command.replace('pnpm harness', run('apps/scenarios/src/cli.ts')));
    try {
      // Told on standard error, command by command: a failure names its own.
      const out = execFileSync('bash', ['-euxc', script.join('\n')], {
        cwd: folder,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      expect(out).toContain('Who decided');
      expect(out).toContain('1 of 1 decisions made again: 1 identical');
      expect(out).toContain('1 of 1 decisions compared');
      expect(out).toContain('tamiyo top');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
