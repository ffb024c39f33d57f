import ts from 'typescript';
import { lineOf, type SourceText, walk } from './tree.ts';

/** One function, measured. */
export interface MeasuredFunction {
  readonly path: string;
  readonly name: string;
  readonly line: number;
  readonly lines: number;
  readonly parameters: number;
  /** Cyclomatic complexity: 1 + decisions, nested functions counted apart. */
  readonly complexity: number;
}

type FunctionNode = ts.FunctionLikeDeclaration & { readonly body: ts.ConciseBody };

const isFunction = (node: ts.Node): node is FunctionNode =>
  (ts.isFunctionDeclaration(node) ||
    ts.isFunctionExpression(node) ||
    ts.isArrowFunction(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isConstructorDeclaration(node) ||
    ts.isGetAccessor(node) ||
    ts.isSetAccessor(node)) &&
  node.body !== undefined;

/** Every function of a file with its size and complexity. */
export function measureFunctions(source: SourceText): readonly MeasuredFunction[] {
  const found: MeasuredFunction[] = [];
  walk(source.ast, (node) => {
    if (!isFunction(node)) return;
    const line = lineOf(source, node);
    const lastLine = source.ast.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
    found.push({
      path: source.path,
      name: nameOf(node),
      line,
      lines: lastLine - line + 1,
      parameters: node.parameters.filter((p) => p.name.getText() !== 'this').length,
      complexity: complexityOf(node),
    });
  });
  return found;
}

function nameOf(node: FunctionNode): string {
  const own = node.name?.getText();
  const parent = node.parent;
  const owner = ts.isClassLike(parent) ? `${parent.name?.text ?? 'class'}.` : '';
  if (ts.isConstructorDeclaration(node)) return `${owner}constructor`;
  if (own !== undefined) return owner + own;
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent))
    return parent.name.getText();
  if (ts.isCallExpression(parent))
    return `callback of ${parent.expression.getText().slice(0, 40).replace(/\s+/g, ' ')}`;
  return 'anonymous';
}

const DECISIONS = new Set([
  ts.SyntaxKind.IfStatement,
  ts.SyntaxKind.ForStatement,
  ts.SyntaxKind.ForInStatement,
  ts.SyntaxKind.ForOfStatement,
  ts.SyntaxKind.WhileStatement,
  ts.SyntaxKind.DoStatement,
  ts.SyntaxKind.CaseClause,
  ts.SyntaxKind.CatchClause,
  ts.SyntaxKind.ConditionalExpression,
]);
const LOGICAL = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
]);

function complexityOf(node: FunctionNode): number {
  let count = 1;
  const visit = (child: ts.Node): void => {
    if (isFunction(child)) return;
    if (DECISIONS.has(child.kind)) count += 1;
    if (ts.isBinaryExpression(child) && LOGICAL.has(child.operatorToken.kind)) count += 1;
    ts.forEachChild(child, visit);
  };
  for (const parameter of node.parameters) visit(parameter);
  visit(node.body);
  return count;
}

/** A (1–5), B (6–10), C (11–20), D (21–30), E (31–40), F (over 40). */
export function gradeOf(complexity: number): string {
  const bands: readonly (readonly [number, string])[] = [
    [5, 'A'],
    [10, 'B'],
    [20, 'C'],
    [30, 'D'],
    [40, 'E'],
  ];
  return bands.find(([top]) => complexity <= top)?.[1] ?? 'F';
}
