import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const home = dirname(dirname(fileURLToPath(import.meta.url)));

it('the example of the README runs and says what it should', () => {
  const example =
    /^## Example[\s\S]*?```ts\n([\s\S]*?)```/m.exec(readFileSync(join(home, 'README.md'), 'utf8'))?.[1] ?? '';
  const folder = mkdtempSync(join(home, '.readme-'));
  try {
    writeFileSync(join(folder, 'example.ts'), example);
    const flags = ['--import', 'tsx', '--conditions=@esper/source', join(folder, 'example.ts')];
    expect(execFileSync(process.execPath, flags, { cwd: folder, encoding: 'utf8' })).toBe('fr-d-1 NEUTRAL true\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
