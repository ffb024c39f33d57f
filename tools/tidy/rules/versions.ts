import type { Finding, Tree } from '../tree.ts';

/** Runtime ranges stand in each package, so that its tarball installs by itself; here they are kept equal to the catalog. */
export function versionsRule(tree: Tree): readonly Finding[] {
  const catalog = catalogOf(tree.texts.get('pnpm-workspace.yaml') ?? '');
  const findings: Finding[] = [];
  for (const [path, text] of tree.texts) {
    if (!/^(packages|apps)\/[^/]+\/package\.json$/.test(path)) continue;
    const manifest = JSON.parse(text) as { dependencies?: Record<string, string> };
    for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
      if (name.startsWith('@esper/')) continue;
      const wanted = catalog.get(name);
      if (wanted === undefined)
        findings.push({ rule: 'versions', path, message: `${name} is not in the catalog of pnpm-workspace.yaml` });
      else if (wanted !== range)
        findings.push({ rule: 'versions', path, message: `${name} is ${range}, the catalog says ${wanted}` });
    }
  }
  return findings;
}

function catalogOf(yaml: string): ReadonlyMap<string, string> {
  const block = /^catalog:\n((?: {2}.*\n)+)/m.exec(yaml)?.[1] ?? '';
  return new Map(
    [...block.matchAll(/^ {2}['"]?([^'":]+)['"]?: *['"]?([^'"\n]+)['"]?$/gm)].map((match) => [
      match[1] ?? '',
      match[2] ?? '',
    ]),
  );
}
