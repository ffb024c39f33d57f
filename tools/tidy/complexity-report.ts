import { gradeOf, type MeasuredFunction, measureFunctions } from './functions.ts';
import type { Tree } from './tree.ts';

const SHOWN_FROM = 6;

/** `docs/complexity.md`: every function of the product above the smallest grade, the worst first. */
export function complexityReport(tree: Tree): string {
  const functions = tree.sources
    .filter((source) => /^(packages|apps)\/[^/]+\/src\//.test(source.path))
    .flatMap(measureFunctions)
    .sort((a, b) => b.complexity - a.complexity || order(a, b));
  const shown = functions.filter((fn) => fn.complexity >= SHOWN_FROM);
  const rows = shown.map((fn) => `| \`${fn.name}\` | ${fn.path} | ${fn.complexity} | ${gradeOf(fn.complexity)} |`);
  return [
    '# Complexity',
    '',
    'Written by `pnpm tidy`. Cyclomatic complexity per function (1 + decisions, nested functions counted apart), worst first.',
    'Grades as Radon: A 1–5, B 6–10, C 11–20, D 21–30, E 31–40, F above. Functions of grade A are counted, not listed.',
    '',
    summary(functions),
    '',
    '| function | file | complexity | grade |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

const order = (a: MeasuredFunction, b: MeasuredFunction): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line;

function summary(functions: readonly MeasuredFunction[]): string {
  const counts = new Map<string, number>();
  for (const fn of functions) counts.set(gradeOf(fn.complexity), (counts.get(gradeOf(fn.complexity)) ?? 0) + 1);
  const grades = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([grade, count]) => `${grade} ${count}`);
  return `${functions.length} functions: ${grades.join(', ')}.`;
}
