import { posix } from 'node:path';
import ts from 'typescript';
import { type Finding, importsOf, lineOf, placeOf, type SourceText, type Tree } from '../tree.ts';

interface ExportSite {
  readonly name: string;
  readonly path: string;
  readonly line: number;
  /** A type that other declarations of its file are written in. It is exported so that callers can name it. */
  readonly namesPartOfFile: boolean;
}

const ENTRY = /^src\/([a-z0-9-]+)\.ts$/;

/** No dead exports: what a file exports is imported by another file, or listed by an entry of its package. */
export function exportsRule(tree: Tree): readonly Finding[] {
  const used = usedNames(tree);
  return tree.sources
    .filter((source) => /^((packages|apps)\/[^/]+\/src|tools)\//.test(source.path) && !isEntry(source.path, tree))
    .flatMap(exportsOf)
    .filter((site) => !site.namesPartOfFile && !used.has(`${site.path}#${site.name}`) && !used.has(`${site.path}#*`))
    .map((site) => ({
      rule: 'exports',
      path: site.path,
      line: site.line,
      message: `${site.name} is exported and used nowhere`,
    }));
}

/** True for the files that package.json or tsup publish as entries. */
function isEntry(path: string, tree: Tree): boolean {
  const place = placeOf(path);
  if (place === undefined) return false;
  const manifest = tree.texts.get(`${place.group}/${place.name}/package.json`);
  return ENTRY.test(place.rest) && manifest?.includes(`./${place.rest}`) === true;
}

function exportsOf(source: SourceText): ExportSite[] {
  return source.ast.statements.flatMap((statement) => {
    const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
    const site = (name: string, node: ts.Node) => ({
      name,
      path: source.path,
      line: lineOf(source, node),
      namesPartOfFile: isType && source.text.split(new RegExp(`\\b${name}\\b`)).length > 2,
    });
    if (
      ts.isExportDeclaration(statement) &&
      statement.exportClause !== undefined &&
      ts.isNamedExports(statement.exportClause)
    ) {
      return statement.exportClause.elements.map((element) => site(element.name.text, element));
    }
    const exported =
      ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword);
    if (!exported) return [];
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.map((d) => site(d.name.getText(), d));
    const name = (statement as ts.DeclarationStatement).name;
    return name === undefined ? [] : [site(name.getText(), statement)];
  });
}

/** `path#name` of everything that some file imports or re-exports through a relative path. */
function usedNames(tree: Tree): ReadonlySet<string> {
  const paths = new Set(tree.sources.map((source) => source.path));
  const used = new Set<string>();
  for (const source of tree.sources) {
    for (const { specifier, node } of importsOf(source)) {
      const target = resolve(source.path, specifier, paths);
      if (target === undefined) continue;
      for (const name of importedNames(node)) used.add(`${target}#${name}`);
    }
  }
  return used;
}

function resolve(from: string, specifier: string, paths: ReadonlySet<string>): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const target = posix.normalize(posix.join(posix.dirname(from), specifier));
  return [target, target.replace(/\.js$/, '.ts'), `${target}.ts`].find((candidate) => paths.has(candidate));
}

function importedNames(node: ts.Node): string[] {
  const clause = ts.isImportDeclaration(node)
    ? node.importClause?.namedBindings
    : ts.isExportDeclaration(node)
      ? node.exportClause
      : undefined;
  if (clause !== undefined && (ts.isNamedImports(clause) || ts.isNamedExports(clause))) {
    return clause.elements.map((element) => (element.propertyName ?? element.name).text);
  }
  if (ts.isImportTypeNode(node) && node.qualifier !== undefined) return [node.qualifier.getText()];
  return ['*'];
}
