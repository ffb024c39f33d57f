import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';

/** One source file, parsed. `path` is relative to the root, with forward slashes. */
export interface SourceText {
  readonly path: string;
  readonly text: string;
  readonly ast: ts.SourceFile;
}

/** Everything the rules look at, so that they are functions of a value and can be tried on a made-up tree. */
export interface Tree {
  readonly sources: readonly SourceText[];
  /** Other texts by path: package.json, README.md, docs. */
  readonly texts: ReadonlyMap<string, string>;
}

export interface Finding {
  readonly rule: string;
  readonly path: string;
  readonly line?: number;
  readonly message: string;
}

/** Builds a tree from texts by path. */
export function treeOf(files: Readonly<Record<string, string>>): Tree {
  const sources: SourceText[] = [];
  const texts = new Map<string, string>();
  for (const [path, text] of Object.entries(files)) {
    if (/\.ts$/.test(path)) {
      sources.push({ path, text, ast: ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true) });
    } else {
      texts.set(path, text);
    }
  }
  return { sources, texts };
}

const SKIP = new Set([
  'node_modules',
  'dist',
  '.turbo',
  '.git',
  'var',
  'coverage',
  'vendor',
  'gen',
  'golden',
  '.stryker-tmp',
]);
const ROOTS = ['packages', 'apps', 'tools', 'tests', 'benchmarks', 'examples', 'docs'];
const WANTED = /(\.ts|package\.json|README\.md|\.md|pnpm-workspace\.yaml)$/;

/** Reads the repository below `root`. */
export function readTree(root: string): Tree {
  const files: Record<string, string> = {};
  const visit = (folder: string): void => {
    for (const name of readdirSync(join(root, folder))) {
      if (SKIP.has(name)) continue;
      const path = posix.join(folder, name);
      if (statSync(join(root, path)).isDirectory()) visit(path);
      else if (WANTED.test(path)) files[path] = readFileSync(join(root, path), 'utf8');
    }
  };
  for (const folder of ROOTS) {
    if (statSync(join(root, folder), { throwIfNoEntry: false }) !== undefined) visit(folder);
  }
  for (const name of ['README.md', 'pnpm-workspace.yaml', 'package.json']) {
    if (statSync(join(root, name), { throwIfNoEntry: false }) !== undefined)
      files[name] = readFileSync(join(root, name), 'utf8');
  }
  return treeOf(files);
}

/** The 1-based line of a node. */
export const lineOf = (source: SourceText, node: ts.Node): number =>
  source.ast.getLineAndCharacterOfPosition(node.getStart(source.ast)).line + 1;

/** `{ group: 'packages', name: 'wal', rest: 'src/core/frame.ts' }`, or undefined outside packages and apps. */
export function placeOf(
  path: string,
): { readonly group: string; readonly name: string; readonly rest: string } | undefined {
  const match = /^(packages|apps)\/([^/]+)\/(.+)$/.exec(path);
  return match === null ? undefined : { group: match[1] ?? '', name: match[2] ?? '', rest: match[3] ?? '' };
}

/** Calls `visit` for `node` and everything below it. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

export interface ImportSite {
  readonly specifier: string;
  readonly line: number;
  readonly node: ts.Node;
}

/** Every module a file names: imports, re-exports, dynamic imports. */
export function importsOf(source: SourceText): readonly ImportSite[] {
  const found: ImportSite[] = [];
  walk(source.ast, (node) => {
    const literal =
      (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
            ? node.argument.literal
            : undefined;
    if (literal !== undefined && ts.isStringLiteral(literal)) {
      found.push({ specifier: literal.text, line: lineOf(source, node), node });
    }
  });
  return found;
}
