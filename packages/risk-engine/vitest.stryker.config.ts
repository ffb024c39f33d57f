import { defineConfig } from 'vitest/config';

const conditions = ['@esper/source', 'node', 'import', 'module', 'default'];

/** For mutation testing: the tests that tell mutants apart, without those that start processes or walk whole state spaces. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      'test/drills/**',
      'test/core/state-space/**',
      'test/readme.test.ts',
      '**/node_modules/**',
      '**/.stryker-tmp/**',
    ],
    environment: 'node',
    testTimeout: 30_000,
  },
});
