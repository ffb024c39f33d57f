import { type Finding, placeOf, type Tree } from '../tree.ts';

const HEADINGS = ['Install', 'Example', 'API', 'Errors', 'Guarantees and limits', 'Non-goals'] as const;
const README_LINES_MAX = 200;
const EXAMPLE_LINES_MAX = 15;

interface Manifest {
  readonly name: string;
  readonly description?: string;
  readonly private?: boolean;
}

/** Each published package has a README of the same skeleton, opening with its charter. */
export function readmeRule(tree: Tree): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [path, text] of tree.texts) {
    const place = placeOf(path);
    if (place?.group !== 'packages' || place.rest !== 'package.json') continue;
    const manifest = JSON.parse(text) as Manifest;
    if (manifest.private === true) continue;
    const readmePath = `packages/${place.name}/README.md`;
    const readme = tree.texts.get(readmePath);
    const problems = readme === undefined ? ['is missing'] : problemsOf(readme, manifest);
    findings.push(...problems.map((message) => ({ rule: 'readme', path: readmePath, message })));
  }
  return findings;
}

function problemsOf(readme: string, manifest: Manifest): string[] {
  const problems: string[] = [];
  const lines = readme.split('\n');
  if (lines[0] !== `# ${manifest.name}`) problems.push(`must open with "# ${manifest.name}"`);
  if (lines.length > README_LINES_MAX) problems.push(`has ${lines.length} lines, the budget is ${README_LINES_MAX}`);
  const firstParagraph =
    lines
      .slice(1)
      .join('\n')
      .trim()
      .split(/\n\s*\n/)[0] ?? '';
  if (firstParagraph.replace(/\s+/g, ' ') !== manifest.description)
    problems.push('the first paragraph must be the description of package.json');
  const found = lines.flatMap((line) => /^## (.+)$/.exec(line)?.[1] ?? []);
  const kept = found.filter((heading) => (HEADINGS as readonly string[]).includes(heading));
  if (kept.join('|') !== HEADINGS.join('|')) problems.push(`needs the sections, in order: ${HEADINGS.join(', ')}`);
  const example = /^## Example$[\s\S]*?^```ts\n([\s\S]*?)^```/m.exec(readme)?.[1];
  if (example === undefined) problems.push('the Example section needs a ```ts block');
  else if (example.trimEnd().split('\n').length > EXAMPLE_LINES_MAX)
    problems.push(`the example is longer than ${EXAMPLE_LINES_MAX} lines`);
  return problems;
}
