import { describe, expect, it } from 'vitest';
import { ROOT } from '../cli/workspace.ts';
import { complexityReport } from '../tidy/complexity-report.ts';
import { gradeOf, measureFunctions } from '../tidy/functions.ts';
import { readTree } from '../tidy/tree.ts';

const tree = readTree(ROOT);
const product = tree.sources.filter((source) => /^(packages|apps)\/[^/]+\/src\//.test(source.path));
const worstOf = (paths: RegExp): number =>
  Math.max(
    0,
    ...product
      .filter((source) => paths.test(source.path))
      .flatMap(measureFunctions)
      .map((fn) => fn.complexity),
  );

describe('complexity of what is there', () => {
  it('DP-04: the orchestrator stays trivial, evaluators small, the builders of telemetry below C', () => {
    expect(worstOf(/^apps\/tamiyo\/src\/decide\.ts$/)).toBeLessThanOrEqual(5);
    expect(worstOf(/^packages\/risk-engine\/src\/core\/assess\.ts$/)).toBeLessThanOrEqual(5);
    expect(worstOf(/^packages\/risk-engine\/src\/core\/evaluators\//)).toBeLessThanOrEqual(6);
    expect(worstOf(/^packages\/telemetry\/src\/core\//)).toBeLessThanOrEqual(10);
  });

  it('TA-02, PF-30: the report names every function above A, and none is worse than C', () => {
    const worst = worstOf(/./);
    expect(['A', 'B', 'C']).toContain(gradeOf(worst));
    const rows = complexityReport(tree)
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const above = product.flatMap(measureFunctions).filter((fn) => fn.complexity >= 6);
    expect(rows).toHaveLength(above.length);
  });
});
