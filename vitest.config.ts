import { existsSync, readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const workspaces = ['packages', 'apps'].flatMap((group) =>
  readdirSync(group)
    .filter((name) => existsSync(`${group}/${name}/package.json`))
    .map((name) => ({ name, root: `${group}/${name}` })),
);
const roots = [...workspaces, { name: 'tools', root: 'tools' }, { name: 'tests', root: 'tests' }];

/** Their tests judge deadlines, or start hosts that keep them, and have the machine to themselves: one file at a time, last. */
const ALONE: ReadonlySet<string> = new Set(['policy', 'tamiyo']);
/** Two files at a time; left to itself, the runner takes one less than there are cores. */
const TOGETHER = 2;

/** Tests run on the sources: the `@esper/source` condition resolves each package to its `src/`. */
const conditions = ['@esper/source', 'node', 'import', 'module', 'default'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects: roots.map(({ name, root }) => ({
      extends: true as const,
      test: {
        name,
        root,
        include: ['test/**/*.test.ts'],
        environment: 'node' as const,
        maxWorkers: ALONE.has(name) ? 1 : TOGETHER,
        sequence: { groupOrder: ALONE.has(name) ? 2 : 1 },
        // No library keeps state of its own, so its files may share what they import: that halves the time spent importing. Not
        // where tests measure: in a worker that had run forty files before, the short swaps took five times as long.
        isolate: ALONE.has(name),
        testTimeout: 180_000,
        hookTimeout: 180_000,
      },
    })),
  },
});
