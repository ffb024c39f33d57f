import { existsSync, readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

const workspaces = ['packages', 'apps'].flatMap((group) =>
  readdirSync(group)
    .filter((name) => existsSync(`${group}/${name}/package.json`))
    .map((name) => ({ name, root: `${group}/${name}` })),
);
const roots = [...workspaces, { name: 'tools', root: 'tools' }, { name: 'tests', root: 'tests' }];

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
        testTimeout: 180_000,
        hookTimeout: 180_000,
        // Tests that start processes get one more try on a machine that is busy; the report shows who needed it.
        retry: 1,
      },
    })),
  },
});
