import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, workspacePackages } from '../../tools/cli/workspace.ts';

const published = workspacePackages().filter((entry) => entry.group === 'packages' && entry.manifest.private !== true);
const npm = (args: readonly string[], cwd: string) =>
  execFileSync('npm', [...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, npm_config_loglevel: 'error' },
  });

/** The entries of a package: `.`, `./node` and so on, without package.json itself. */
const entriesOf = (name: string, map: Readonly<Record<string, unknown>>) =>
  Object.entries(map)
    .filter(([key]) => key !== './package.json')
    .map(([key, target]) => ({ specifier: name + key.slice(1), cjs: 'require' in (target as object) }));

/**
 * The runtime dependencies from outside, with the optional peers that whoever uses their entry installs. They are taken from
 * the workspace: tests reach no network.
 */
const outside = [
  ...new Set(
    published.flatMap(({ manifest }) => Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })),
  ),
].filter((name) => !name.startsWith('@esper/'));

describe('packaging: each package as its user gets it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tamiyo-packaging-'));
  const modules = join(folder, 'node_modules');

  beforeAll(() => {
    mkdirSync(join(modules, '@esper'), { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
    for (const entry of published) {
      const packed = JSON.parse(npm(['pack', '--json', '--pack-destination', folder], join(ROOT, entry.folder))) as {
        filename: string;
      }[];
      const target = join(modules, '@esper', entry.dirName);
      mkdirSync(target, { recursive: true });
      execFileSync('tar', [
        '-xzf',
        join(folder, packed[0]?.filename.replace('@esper/', 'esper-').replaceAll('/', '-') ?? ''),
        '--strip-components=1',
        '-C',
        target,
      ]);
    }
    for (const name of [...outside, 'typescript', '@types/node', 'undici-types']) linkFromWorkspace(modules, name);
  }, 120_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('every dependency of every tarball is a plain range that npm understands', () => {
    for (const entry of published) {
      const manifest = JSON.parse(readFileSync(join(modules, '@esper', entry.dirName, 'package.json'), 'utf8')) as {
        dependencies?: Record<string, string>;
      };
      for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
        expect(range, `${entry.dirName} → ${name}`).toMatch(/^[\^~]?\d/);
      }
    }
  });

  it('every tarball has its licence, its readme and nothing of its tests', () => {
    for (const entry of published) {
      const files = readdirSync(join(modules, '@esper', entry.dirName));
      expect(files, entry.dirName).toEqual(
        expect.arrayContaining(['LICENSE', 'README.md', 'dist', 'package.json', 'src']),
      );
      expect(files, entry.dirName).not.toContain('test');
    }
  });

  it('every export imports as ESM, and as CJS where that is offered', () => {
    const entries = published.flatMap((entry) => entriesOf(entry.manifest.name, entry.manifest.exports ?? {}));
    expect(entries.length).toBeGreaterThan(published.length);
    const script = entries.map((e) => `await import('${e.specifier}');`).join('\n');
    writeFileSync(join(folder, 'esm.mjs'), `${script}\nconsole.log('esm ok');\n`);
    expect(execFileSync(process.execPath, ['esm.mjs'], { cwd: folder, encoding: 'utf8' })).toBe('esm ok\n');
    const cjs = entries
      .filter((e) => e.cjs)
      .map((e) => `require('${e.specifier}');`)
      .join('\n');
    writeFileSync(join(folder, 'cjs.cjs'), `${cjs}\nconsole.log('cjs ok');\n`);
    expect(execFileSync(process.execPath, ['cjs.cjs'], { cwd: folder, encoding: 'utf8' })).toBe('cjs ok\n');
  });

  it('a consumer type-checks against every export, under NodeNext', () => {
    const entries = published.flatMap((entry) => entriesOf(entry.manifest.name, entry.manifest.exports ?? {}));
    writeFileSync(
      join(folder, 'consumer.ts'),
      entries
        .map((e, i) => `import * as m${i} from '${e.specifier}';\nexport const used${i}: object = m${i};`)
        .join('\n'),
    );
    const options = {
      strict: true,
      module: 'NodeNext',
      moduleResolution: 'NodeNext',
      target: 'ES2022',
      lib: ['ES2023'],
      noEmit: true,
      types: ['node'],
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['consumer.ts'] }));
    execFileSync(process.execPath, [join(modules, 'typescript', 'bin', 'tsc'), '-p', '.'], {
      cwd: folder,
      encoding: 'utf8',
    });
  }, 120_000);
});

/** Links a package that the workspace has installed, from wherever a workspace package sees it. */
function linkFromWorkspace(modules: string, name: string): void {
  const script = `
    const { createRequire } = require('node:module'); const { symlinkSync, mkdirSync, existsSync, realpathSync } = require('node:fs');
    const { dirname, join } = require('node:path');
    for (const from of ${JSON.stringify(['.', ...workspacePackages().map((entry) => entry.folder)])}) {
      const candidate = join(${JSON.stringify(ROOT)}, from, 'node_modules', ${JSON.stringify(name)});
      if (!existsSync(candidate)) continue;
      const target = join(${JSON.stringify(modules)}, ${JSON.stringify(name)});
      mkdirSync(dirname(target), { recursive: true });
      symlinkSync(realpathSync(candidate), target);
      break;
    }`;
  execFileSync(process.execPath, ['-e', script]);
}
