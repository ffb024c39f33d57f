import { posix } from 'node:path';
import { type Finding, importsOf, placeOf, type Tree } from '../tree.ts';

/** What a library may lean on. Every other sibling is reached through a port that the host joins. */
const FOUNDATION: Readonly<Record<string, readonly string[]>> = {
  std: [],
  leyline: ['std'],
  testkit: ['std', 'leyline'],
};
const LIBRARY_MAY = ['std', 'leyline'];
const allowedFor = (name: string): readonly string[] => FOUNDATION[name] ?? LIBRARY_MAY;

/** The star of packages: no library imports a sibling, in code or in package.json. */
export function starRule(tree: Tree): readonly Finding[] {
  return [...importFindings(tree), ...manifestFindings(tree)];
}

function importFindings(tree: Tree): Finding[] {
  const findings: Finding[] = [];
  for (const source of tree.sources) {
    const place = placeOf(source.path);
    if (place === undefined) continue;
    for (const site of importsOf(source)) {
      const message = importProblem(source.path, place, site.specifier);
      if (message !== undefined) findings.push({ rule: 'star', path: source.path, line: site.line, message });
    }
  }
  return findings;
}

function importProblem(
  path: string,
  place: { group: string; name: string; rest: string },
  specifier: string,
): string | undefined {
  if (specifier.startsWith('.')) return escapeProblem(path, place, specifier);
  const match = /^@esper\/([^/]+)(\/.+)?$/.exec(specifier);
  if (match === null) return undefined;
  const [, target = '', sub = ''] = match;
  if (/^\/(src|dist)\b/.test(sub)) return `deep import of ${specifier}; use an entry of the package`;
  if (place.group !== 'packages' || target === place.name) return undefined;
  const inSource = place.rest.startsWith('src/');
  if (target === 'testkit') return inSource ? 'src/ may not import @esper/testkit' : undefined;
  if (allowedFor(place.name).includes(target)) return undefined;
  return `@esper/${place.name} imports its sibling @esper/${target}; declare a port and let the host join them`;
}

function escapeProblem(
  path: string,
  place: { group: string; name: string; rest: string },
  specifier: string,
): string | undefined {
  if (!place.rest.startsWith('src/')) return undefined;
  const target = posix.normalize(posix.join(posix.dirname(path), specifier));
  const home = `${place.group}/${place.name}/src/`;
  return target.startsWith(home) ? undefined : `${specifier} leaves the package's src/`;
}

function manifestFindings(tree: Tree): Finding[] {
  const findings: Finding[] = [];
  for (const [path, text] of tree.texts) {
    const place = placeOf(path);
    if (place?.group !== 'packages' || place.rest !== 'package.json') continue;
    const manifest = JSON.parse(text) as Record<string, Record<string, string> | undefined>;
    for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies']) {
      for (const name of Object.keys(manifest[field] ?? {})) {
        const target = /^@esper\/(.+)$/.exec(name)?.[1];
        if (target === undefined || allowedFor(place.name).includes(target)) continue;
        findings.push({ rule: 'star', path, message: `${field} of @esper/${place.name} names its sibling ${name}` });
      }
    }
  }
  return findings;
}
