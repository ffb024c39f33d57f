import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../cli/workspace.ts';
import { complexityReport } from './complexity-report.ts';
import { documentedPages } from './rules/documented.ts';
import type { Ratchet } from './rules/sizes.ts';
import { allFindings } from './rules/table.ts';
import { readTree } from './tree.ts';

/** `pnpm tidy [--write] [--only PREFIX]`: checks the house rules; `--write` regenerates the pages made from code. */
const { values } = parseArgs({
  options: {
    write: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});

function writeIfChanged(path: string, text: string): void {
  const full = join(ROOT, path);
  if (!existsSync(full) || readFileSync(full, 'utf8') !== text) writeFileSync(full, text);
}

const before = readTree(ROOT);
writeIfChanged('docs/complexity.md', complexityReport(before));
if (values.write) {
  for (const [path, text] of Object.entries(documentedPages(before))) writeIfChanged(path, text);
}

const ratchetPath = join(ROOT, 'tools/tidy/ratchet.json');
const ratchet = JSON.parse(readFileSync(ratchetPath, 'utf8')) as Ratchet;
const findings = allFindings(values.write ? readTree(ROOT) : before, ratchet).filter((finding) =>
  finding.path.startsWith(values.only),
);
for (const { rule, path, line, message } of findings) {
  console.log(`${path}${line === undefined ? '' : `:${line}`}: [${rule}] ${message}`);
}
if (values.json) console.log(JSON.stringify({ findings }));
else
  console.log(
    findings.length === 0
      ? 'tidy: nothing to report'
      : `tidy: ${findings.length} finding${findings.length === 1 ? '' : 's'}`,
  );
process.exitCode = findings.length === 0 ? 0 : 1;
