import { describe, expect, it } from 'vitest';
import { complexityReport } from '../tidy/complexity-report.ts';
import { documentedPages } from '../tidy/rules/documented.ts';
import { allFindings } from '../tidy/rules/table.ts';
import { treeOf } from '../tidy/tree.ts';

const README = `# @esper/wal

Keeps logs.

## Install
## Example
\`\`\`ts
import { open } from '@esper/wal';
\`\`\`
## API
## Errors
## Guarantees and limits
## Non-goals
`;

const CLEAN: Readonly<Record<string, string>> = {
  'pnpm-workspace.yaml': "catalog:\n  '@msgpack/msgpack': ^3.1.3\n  zod: ^4.6.7\nallowBuilds:\n",
  'packages/wal/package.json': JSON.stringify({
    name: '@esper/wal',
    description: 'Keeps logs.',
    exports: { '.': './src/index.ts' },
    dependencies: { '@esper/std': '^0.1.0', zod: '^4.6.7' },
  }),
  'packages/wal/README.md': README,
  'packages/wal/src/index.ts': "export { open } from './core/open.js';\n",
  'packages/wal/src/core/open.ts': 'export const open = (): number => 1;\n',
};

const complaints = (files: Readonly<Record<string, string | undefined>>, ratchet = {}): string[] => {
  const merged = Object.fromEntries(
    Object.entries({ ...CLEAN, ...files }).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return allFindings(treeOf(merged), ratchet).map((finding) => `${finding.rule}: ${finding.path}: ${finding.message}`);
};

const used = (name: string, body: string) => ({
  [`packages/wal/src/${name}.ts`]: body,
  'packages/wal/src/index.ts': `export { open } from './core/open.js';\nexport { extra } from './${name}.js';\n`,
});

describe('tidy', () => {
  it('has nothing to say about a clean tree', () => {
    expect(complaints({})).toEqual([]);
  });

  it('finds a sibling import in code and in package.json', () => {
    expect(complaints(used('core/extra', "import { x } from '@esper/oona';\nexport const extra = x;\n"))).toEqual([
      expect.stringContaining('imports its sibling @esper/oona'),
    ]);
    const manifest = JSON.parse(CLEAN['packages/wal/package.json'] ?? '') as { dependencies: Record<string, string> };
    manifest.dependencies['@esper/policy'] = '^0.1.0';
    expect(complaints({ 'packages/wal/package.json': JSON.stringify(manifest) })).toEqual([
      expect.stringContaining('names its sibling @esper/policy'),
    ]);
    expect(complaints(used('shell/extra', "export const extra = () => import('@esper/oona');\n"))[0]).toContain(
      'sibling',
    );
    expect(
      complaints(used('shell/extra', "import { x } from '@esper/testkit';\nexport const extra = x;\n"))[0],
    ).toContain('testkit');
    expect(
      complaints(used('shell/extra', "import { x } from '@esper/std/src/core/x.js';\nexport const extra = x;\n"))[0],
    ).toContain('deep import');
    expect(
      complaints(used('shell/extra', "import { x } from '../../../oona/src/index.js';\nexport const extra = x;\n"))[0],
    ).toContain('leaves');
  });

  it('finds async code, node:, clocks, dice and zod where they may not be', () => {
    const cases: [string, string, string][] = [
      ['core/extra', 'export async function extra() {}\n', 'async'],
      ['core/extra', 'export const extra = () => new Promise(() => 1);\n', 'async'],
      ['core/extra', "import { readFileSync } from 'node:fs';\nexport const extra = readFileSync;\n", 'node:fs'],
      ['core/extra', 'export const extra = () => Date.now();\n', 'Date.now'],
      ['core/extra', 'export const extra = () => new Date();\n', 'new Date()'],
      ['core/extra', 'export const extra = () => Math.random();\n', 'Math.random'],
      ['core/extra', "import { z } from 'zod';\nexport const extra = z;\n", 'zod'],
      ['shell/extra', 'export const extra = () => process.env;\n', 'process'],
      ['shell/extra', 'export const extra = () => setTimeout(() => 1, 5);\n', 'setTimeout'],
      ['shell/extra', "import { z } from 'zod';\nexport const extra = z;\n", 'zod'],
      ['wire/extra', 'export async function extra() {}\n', 'async'],
    ];
    for (const [name, body, word] of cases)
      expect(complaints(used(name, body)), `${name}: ${body}`).toEqual([expect.stringContaining(word)]);
    expect(
      complaints(
        used('adapters/extra', "import { readFileSync } from 'node:fs';\nexport const extra = readFileSync;\n"),
      ),
    ).toEqual([]);
    expect(
      complaints(used('shell/extra', 'export const extra = async (setTimeout: () => void) => setTimeout();\n')),
    ).toEqual([]);
  });

  it('finds a 61-line function, four parameters, complexity over the budget and a file too long', () => {
    const body = (lines: number) =>
      `export function extra(): number {\n${'  void 0;\n'.repeat(lines - 3)}  return 1;\n}\n`;
    expect(complaints(used('core/extra', body(60)))).toEqual([]);
    expect(complaints(used('core/extra', body(61)))).toEqual([expect.stringContaining('extra: 61 lines')]);
    expect(
      complaints(used('core/extra', 'export const extra = (a: 1, b: 1, c: 1, d: 1) => [a, b, c, d];\n'))[0],
    ).toContain('4 parameters');
    const branches = (n: number) =>
      `export const extra = (a: number) => {\n${'  if (a) a += 1;\n'.repeat(n)}  return a;\n};\n`;
    expect(complaints(used('core/extra', branches(9)))).toEqual([]);
    expect(complaints(used('core/extra', branches(10)))).toEqual([expect.stringContaining('11 complexity')]);
    expect(complaints(used('core/extra', `export const extra = 1;\n${'// line\n'.repeat(300)}`))[0]).toContain(
      'file of 301 lines',
    );
  });

  it('the ratchet accepts what it names, no more, and must shrink with the code', () => {
    const long = used('core/extra', `export const extra = 1;\n${'// line\n'.repeat(300)}`);
    expect(complaints(long, { 'packages/wal/src/core/extra.ts': { lines: 301 } })).toEqual([]);
    expect(complaints(long, { 'packages/wal/src/core/extra.ts': { lines: 300 } })[0]).toContain('the budget is 300');
    expect(complaints({}, { 'packages/wal/src/core/open.ts': { lines: 400 } })[0]).toContain('remove its entry');
  });

  it('finds an undocumented error code, a documented one that is gone, and one without a next step', () => {
    const errors = (next: string) => ({
      ...used(
        'errors',
        `export const extra = 1;\nexport const WAL_ERRORS = { WAL_TORN: { means: 'Torn.', next: '${next}' } } as const;\n`,
      ),
      'packages/wal/src/index.ts':
        "export { open } from './core/open.js';\nexport { extra, WAL_ERRORS } from './errors.js';\n",
    });
    expect(complaints(errors('Repair it.'))).toEqual([expect.stringContaining('docs/ERRORS.md: is missing')]);
    expect(complaints({ ...errors('Repair it.'), 'docs/ERRORS.md': '' })).toEqual([
      expect.stringContaining('WAL_TORN is not in docs/ERRORS.md'),
    ]);
    const tree = treeOf({ ...CLEAN, ...errors('Repair it.') });
    const page = documentedPages(tree)['docs/ERRORS.md'] ?? '';
    expect(page).toContain('| `WAL_TORN` | Torn. | Repair it. |');
    expect(complaints({ ...errors('Repair it.'), 'docs/ERRORS.md': page })).toEqual([]);
    expect(complaints({ 'docs/ERRORS.md': page })).toEqual([
      expect.stringContaining('lists WAL_TORN, which no code has'),
    ]);
    expect(complaints({ ...errors(''), 'docs/ERRORS.md': page })).toEqual([expect.stringContaining('WAL_TORN needs')]);
  });

  it('finds a dead export, a vague name, a default export and a star export', () => {
    expect(complaints({ 'packages/wal/src/core/lonely.ts': 'export const lonely = 1;\n' })[0]).toContain(
      'lonely is exported and used nowhere',
    );
    expect(complaints(used('core/utils', 'export const extra = 1;\n'))[0]).toContain('named for the one concept');
    expect(complaints(used('core/extra', 'export const extra = 1;\nexport default extra;\n'))[0]).toContain(
      'no default exports',
    );
    expect(complaints(used('core/extra', "export const extra = 1;\nexport * from './open.js';\n"))[0]).toContain(
      'export *',
    );
  });

  it('finds a README without its skeleton and a version beside the catalog', () => {
    expect(complaints({ 'packages/wal/README.md': undefined })[0]).toContain('is missing');
    expect(complaints({ 'packages/wal/README.md': README.replace('Keeps logs.', 'Keeps trees.') })[0]).toContain(
      'first paragraph',
    );
    expect(complaints({ 'packages/wal/README.md': README.replace('## Errors\n', '') })[0]).toContain(
      'needs the sections',
    );
    const manifest = (CLEAN['packages/wal/package.json'] ?? '').replace('^4.6.7', '^3.0.0');
    expect(complaints({ 'packages/wal/package.json': manifest })[0]).toContain(
      'zod is ^3.0.0, the catalog says ^4.6.7',
    );
  });

  it('the complexity report lists the worst first, with its grade', () => {
    const heavy = `export const extra = (a: number) => {\n${'  if (a) a += 1;\n'.repeat(11)}  return a;\n};\n`;
    const medium = 'export const open = (a: boolean) => (a && a && a && a && a && a ? 1 : 2);\n';
    const report = complexityReport(
      treeOf({ ...CLEAN, ...used('core/extra', heavy), 'packages/wal/src/core/open.ts': medium }),
    );
    const rows = report.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows).toEqual([
      '| `extra` | packages/wal/src/core/extra.ts | 12 | C |',
      '| `open` | packages/wal/src/core/open.ts | 7 | B |',
    ]);
  });
});
