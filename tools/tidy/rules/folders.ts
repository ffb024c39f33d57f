import ts from 'typescript';
import { type Finding, importsOf, lineOf, placeOf, type SourceText, type Tree, walk } from '../tree.ts';

type Folder = 'core' | 'wire' | 'shell' | 'adapters' | 'testing' | 'root';

/** What each folder of a library may do. The folders are the architecture. */
const RULES: Readonly<Record<Folder, { async: boolean; node: boolean; ambient: boolean; zod: boolean }>> = {
  core: { async: false, node: false, ambient: false, zod: false },
  wire: { async: false, node: false, ambient: false, zod: true },
  shell: { async: true, node: false, ambient: false, zod: false },
  adapters: { async: true, node: true, ambient: true, zod: false },
  testing: { async: true, node: true, ambient: true, zod: true },
  root: { async: true, node: false, ambient: false, zod: false },
};
const PURE_PACKAGES = new Set(['testkit']);
const NATIVE = /^(node:|onnxruntime-node$|redis$)/;
const AMBIENT_GLOBALS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'process', 'fetch']);
const AMBIENT_CALLS = new Set([
  'Date.now',
  'Math.random',
  'performance.now',
  'crypto.randomUUID',
  'crypto.getRandomValues',
]);

/** `core/` without async, node:, clock, randomness or zod; and so on for each folder. */
export function foldersRule(tree: Tree): readonly Finding[] {
  return tree.sources.flatMap((source) => {
    const place = placeOf(source.path);
    if (place?.group !== 'packages' || !place.rest.startsWith('src/') || PURE_PACKAGES.has(place.name)) return [];
    return check(source, folderOf(place.rest));
  });
}

function folderOf(rest: string): Folder {
  const name = /^src\/([^/]+)\//.exec(rest)?.[1];
  return name !== undefined && name in RULES ? (name as Folder) : 'root';
}

function check(source: SourceText, folder: Folder): Finding[] {
  const rule = RULES[folder];
  const findings: Finding[] = [];
  const add = (node: ts.Node, what: string): void => {
    findings.push({
      rule: 'folders',
      path: source.path,
      line: lineOf(source, node),
      message: `${folder}/ may not use ${what}`,
    });
  };
  for (const site of importsOf(source)) {
    if (!rule.node && NATIVE.test(site.specifier)) add(site.node, `${site.specifier}; only adapters/ may`);
    if (!rule.zod && /^zod(\/|$)/.test(site.specifier)) add(site.node, 'zod; only wire/ may');
  }
  walk(source.ast, (node) => {
    if (!rule.async && isAsync(node)) add(node, 'async code');
    const ambient = rule.ambient ? undefined : ambientName(node);
    if (ambient !== undefined) add(node, `${ambient}; take a port`);
  });
  return findings;
}

function isAsync(node: ts.Node): boolean {
  if (ts.isAwaitExpression(node)) return true;
  if (ts.canHaveModifiers(node) && ts.getModifiers(node)?.some((m) => m.kind === ts.SyntaxKind.AsyncKeyword))
    return true;
  return ts.isNewExpression(node) && node.expression.getText() === 'Promise';
}

function ambientName(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node))
    return node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0 ? 'new Date()' : undefined;
  if (ts.isPropertyAccessExpression(node)) return ambientProperty(node);
  return ts.isCallExpression(node) && ts.isIdentifier(node.expression)
    ? ambientCall(node, node.expression.text)
    : undefined;
}

function ambientProperty(node: ts.PropertyAccessExpression): string | undefined {
  if (AMBIENT_CALLS.has(node.getText())) return node.getText();
  return ts.isIdentifier(node.expression) && node.expression.text === 'process' ? 'process' : undefined;
}

function ambientCall(node: ts.Node, name: string): string | undefined {
  if (name === 'randomUUID') return name;
  return AMBIENT_GLOBALS.has(name) && !isDeclared(node, name) ? name : undefined;
}

/** True when the file itself declares or imports the name, so that it is not the global. */
function isDeclared(node: ts.Node, name: string): boolean {
  let found = false;
  walk(node.getSourceFile(), (other) => {
    const declares =
      (ts.isParameter(other) ||
        ts.isVariableDeclaration(other) ||
        ts.isFunctionDeclaration(other) ||
        ts.isImportSpecifier(other)) &&
      other.name !== undefined &&
      ts.isIdentifier(other.name) &&
      other.name.text === name;
    if (declares) found = true;
  });
  return found;
}
