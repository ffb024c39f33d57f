import { measureFunctions } from '../functions.ts';
import type { Finding, SourceText, Tree } from '../tree.ts';

/** The budgets of the house style. */
const BUDGETS = {
  fileLines: 300,
  testFileLines: 400,
  functionLines: 60,
  parameters: 3,
  complexity: 10,
} as const;
const EVALUATOR_COMPLEXITY = 6;
const ORCHESTRATOR_COMPLEXITY = 5;

const isProduct = (path: string): boolean =>
  /^((packages|apps)\/[^/]+\/src|tools)\//.test(path) && !/^tools\/test\//.test(path);
const isTest = (path: string): boolean => /\.test\.ts$/.test(path);
const isEvaluator = (path: string): boolean => /^packages\/risk-engine\/src\/core\/evaluators\//.test(path);
const isOrchestrator = (path: string): boolean => /^apps\/tamiyo\/src\/(decide|compose)\.ts$/.test(path);

/** An accepted excess: `path` or `path#function` → the measures it may not pass. It may shrink, never grow. */
export type Ratchet = Readonly<
  Record<string, Readonly<Partial<Record<'lines' | 'parameters' | 'complexity', number>>>>
>;

/** File, function, parameter and complexity budgets, with a ratchet for what was accepted once. */
export function sizesRule(tree: Tree, ratchet: Ratchet): readonly Finding[] {
  const used = new Set<string>();
  const findings = tree.sources.flatMap((source) => [
    ...fileFindings(source, ratchet, used),
    ...functionFindings(source, ratchet, used),
  ]);
  for (const key of Object.keys(ratchet)) {
    if (!used.has(key))
      findings.push({
        rule: 'sizes',
        path: 'tools/tidy/ratchet.json',
        message: `${key} is within the budget now; remove its entry`,
      });
  }
  return findings;
}

function fileFindings(source: SourceText, ratchet: Ratchet, used: Set<string>): Finding[] {
  const top = isTest(source.path) ? BUDGETS.testFileLines : isProduct(source.path) ? BUDGETS.fileLines : undefined;
  if (top === undefined) return [];
  const lines = source.text.split('\n').length - (source.text.endsWith('\n') ? 1 : 0);
  const problem = excess({ key: source.path, measure: 'lines', value: lines, top }, ratchet, used);
  return problem === undefined ? [] : [{ rule: 'sizes', path: source.path, message: `file of ${problem}` }];
}

function functionFindings(source: SourceText, ratchet: Ratchet, used: Set<string>): Finding[] {
  if (!isProduct(source.path)) return [];
  return measureFunctions(source).flatMap((fn) => {
    const key = `${source.path}#${fn.name}`;
    const checks = [
      { key, measure: 'lines' as const, value: fn.lines, top: BUDGETS.functionLines },
      { key, measure: 'parameters' as const, value: fn.parameters, top: BUDGETS.parameters },
      { key, measure: 'complexity' as const, value: fn.complexity, top: complexityTop(source.path) },
    ];
    return checks.flatMap((check) => {
      const problem = excess(check, ratchet, used);
      return problem === undefined
        ? []
        : [{ rule: 'sizes', path: source.path, line: fn.line, message: `${fn.name}: ${problem}` }];
    });
  });
}

function complexityTop(path: string): number {
  if (isEvaluator(path)) return EVALUATOR_COMPLEXITY;
  return isOrchestrator(path) ? ORCHESTRATOR_COMPLEXITY : BUDGETS.complexity;
}

interface Check {
  readonly key: string;
  readonly measure: 'lines' | 'parameters' | 'complexity';
  readonly value: number;
  readonly top: number;
}

function excess(check: Check, ratchet: Ratchet, used: Set<string>): string | undefined {
  if (check.value <= check.top) return undefined;
  const accepted = ratchet[check.key]?.[check.measure];
  if (accepted !== undefined) used.add(check.key);
  if (accepted !== undefined && check.value <= accepted) return undefined;
  return `${check.value} ${check.measure}, the budget is ${accepted ?? check.top}`;
}
