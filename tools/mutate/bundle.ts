import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { build, type Plugin } from 'esbuild';

/** Loads every test of a bundle anew; gets what stands for `vitest`. */
export type LoadSuite = (vitest: unknown) => void;

/** The test files of a package, in a fixed order, without those that begin like one of `leaveOut`. */
export function testFiles(folder: string, leaveOut: readonly string[]): readonly string[] {
  return readdirSync(join(folder, 'test'), { recursive: true, encoding: 'utf8' })
    .map((file) => file.split(sep).join('/'))
    .filter((file) => file.endsWith('.test.ts') && !leaveOut.some((start) => file.startsWith(start)))
    .sort();
}

const NAMESPACE = 'esper-mutate';

/** The workspace's packages are bundled, others are required, and `vitest` is what the caller hands in. */
const workspaceOnly: Plugin = {
  name: 'workspace-only',
  setup(builder) {
    builder.onResolve({ filter: /^vitest$/ }, () => ({ path: 'vitest', namespace: NAMESPACE }));
    builder.onLoad({ filter: /^vitest$/, namespace: NAMESPACE }, () => ({ contents: 'module.exports = $vitest;' }));
    builder.onResolve({ filter: /^[^./]/ }, ({ path, importer }) => {
      if (path.startsWith('@esper/')) return undefined;
      return { path: isBuiltin(path) ? path : createRequire(importer).resolve(path), external: true };
    });
    builder.onLoad({ filter: /\.ts$/, namespace: 'file' }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const url = JSON.stringify(pathToFileURL(path).href);
      return { contents: text.replaceAll('import.meta.url', url), loader: 'ts' };
    });
  },
};

/** Bundles sources and tests below `folder` into one function: calling it loads everything once more, from nothing. */
export async function bundleSuite(folder: string, files: readonly string[]): Promise<LoadSuite> {
  const contents = files.map((file) => `import './test/${file}';`).join('\n');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder, sourcefile: 'all-tests.ts', loader: 'ts' },
    bundle: true,
    // `sideEffects: false` of a package would drop its test files, which nothing imports a name from.
    ignoreAnnotations: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    conditions: ['@esper/source'],
    logLevel: 'error',
    plugins: [workspaceOnly],
  });
  const code = outputFiles[0]?.text ?? '';
  const script = new vm.Script(`(function (require, module, exports, $vitest) {${code}\n})`, { filename: 'suite.cjs' });
  const load = script.runInThisContext() as (...given: unknown[]) => void;
  const require = createRequire(join(folder, 'package.json'));
  return (vitest) => {
    const module = { exports: {} };
    load(require, module, module.exports, vitest);
  };
}
