import { defineConfig } from 'vitest/config';

const conditions = ['@esper/source', 'node', 'import', 'module', 'default'];

/**
 * For mutation testing: examples and tables. Tests that start processes, walk whole state spaces or draw thousands of random
 * contexts are left out, so the score is a lower bound of what all tests notice.
 */
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
    testNamePattern:
      /^(?!.*(random contexts|2\^11|only events its table|are true: with|graver than the worst|rebuilt from its records|went through JSON|one dwell apart|same assessment|wherever no tie|every exact tie|same number|runs backwards|steps at random))/,
    environment: 'node',
    testTimeout: 60_000,
  },
});
