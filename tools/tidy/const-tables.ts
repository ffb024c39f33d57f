import ts from 'typescript';
import { lineOf, type SourceText } from './tree.ts';

/** One entry of a documented `const` table, such as an error code or a metric. */
export interface TableEntry {
  readonly key: string;
  readonly path: string;
  readonly line: number;
  /** The string fields of the entry, as written. */
  readonly fields: Readonly<Record<string, string>>;
}

/** The entries of every exported `const` object literal whose name matches `pattern`. */
export function constTables(sources: readonly SourceText[], pattern: RegExp): readonly TableEntry[] {
  return sources.flatMap((source) =>
    source.ast.statements.flatMap((statement) => {
      if (!ts.isVariableStatement(statement)) return [];
      return statement.declarationList.declarations.flatMap((declaration) => {
        const literal = declaration.initializer === undefined ? undefined : unwrap(declaration.initializer);
        if (!pattern.test(declaration.name.getText()) || literal === undefined) return [];
        return literal.properties.flatMap((property) => entryOf(source, property));
      });
    }),
  );
}

function unwrap(node: ts.Expression): ts.ObjectLiteralExpression | undefined {
  if (ts.isObjectLiteralExpression(node)) return node;
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node))
    return unwrap(node.expression);
  if (ts.isCallExpression(node) && node.arguments[0] !== undefined) return unwrap(node.arguments[0]);
  return undefined;
}

function entryOf(source: SourceText, property: ts.ObjectLiteralElementLike): TableEntry[] {
  if (!ts.isPropertyAssignment(property)) return [];
  const fields: Record<string, string> = {};
  const value = unwrap(property.initializer);
  for (const field of value?.properties ?? []) {
    if (ts.isPropertyAssignment(field)) fields[keyText(field.name)] = textOf(field.initializer);
  }
  return [{ key: keyText(property.name), path: source.path, line: lineOf(source, property), fields }];
}

const keyText = (name: ts.PropertyName): string =>
  ts.isIdentifier(name) || ts.isStringLiteral(name) ? name.text : name.getText();

/** The text of a string literal, of a sum of them, or the source of anything else. */
function textOf(node: ts.Expression): string {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken)
    return textOf(node.left) + textOf(node.right);
  if (ts.isAsExpression(node)) return textOf(node.expression);
  return node.getText();
}
