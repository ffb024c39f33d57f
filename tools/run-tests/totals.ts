/** The part of vitest's JSON report that is read here. */
export interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly title: string;
    }[];
  }[];
}

export interface TestTotals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly skippedTitles: readonly string[];
  /** Files that failed before any of their tests ran; each counts as one failure. */
  readonly brokenSuites: readonly string[];
}

const SKIPPED = new Set(['skipped', 'pending', 'todo', 'disabled']);

/** Sums the tests of every suite. Nothing is left uncounted: what is neither passed nor skipped has failed. */
export function countTests(report: VitestReport): TestTotals {
  const results = report.testResults.flatMap((file) => file.assertionResults);
  const skippedTitles = results.filter((test) => SKIPPED.has(test.status)).map((test) => test.fullName);
  const brokenSuites = report.testResults
    .filter((file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'))
    .map((file) => file.name);
  const passed = results.filter((test) => test.status === 'passed').length;
  return {
    passed,
    skipped: skippedTitles.length,
    failed: results.length - passed - skippedTitles.length + brokenSuites.length,
    skippedTitles,
    brokenSuites,
  };
}

/** `N passed, N failed, N skipped`. */
export const closingLine = (totals: TestTotals): string =>
  `${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`;
