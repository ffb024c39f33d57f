import { basename } from 'node:path';
import ts from 'typescript';
import { type Finding, lineOf, type SourceText, type Tree } from '../tree.ts';

const VAGUE = /^(utils?|helpers?|common|types|misc|shared|index\.d)\.ts$/;

/** File names say what is inside; exports are named, one by one. */
export function namesRule(tree: Tree): readonly Finding[] {
  return tree.sources
    .filter((source) => /^(packages|apps|tools)\//.test(source.path) && !/\.config\.ts$/.test(source.path))
    .flatMap((source) => [...vagueName(source), ...exportForms(source)]);
}

function vagueName(source: SourceText): Finding[] {
  if (!VAGUE.test(basename(source.path))) return [];
  return [{ rule: 'names', path: source.path, message: 'a file is named for the one concept it holds' }];
}

function exportForms(source: SourceText): Finding[] {
  const findings: Finding[] = [];
  for (const statement of source.ast.statements) {
    const line = lineOf(source, statement);
    if (ts.isExportAssignment(statement))
      findings.push({ rule: 'names', path: source.path, line, message: 'no default exports' });
    if (ts.isExportDeclaration(statement) && statement.exportClause === undefined) {
      findings.push({ rule: 'names', path: source.path, line, message: 'no `export *`; list the names' });
    }
  }
  return findings;
}
