import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../tools/cli/workspace.ts';

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

describe('the README', () => {
  it('opens with exactly two commands, which need nothing but npx', () => {
    const commands = [...(readme.split('\n## ')[0] ?? '').matchAll(/^```sh\n([\s\S]*?)^```/gm)].map((match) =>
      (match[1] ?? '').trim(),
    );
    expect(commands).toEqual([
      'npx -y pnpm@12.21.0 install && npx -y pnpm@12.21.0 demo',
      'npx -y pnpm@12.21.0 install && npx -y pnpm@12.21.0 test',
    ]);
  });

  it('names only commands that exist', () => {
    const named = [
      ...readme.matchAll(
        /`(?:pnpm )?([a-z]+:[a-z]+|demo|tamiyo|test|check|tidy|trace|bench|differential|harness)\b[^`]*`/g,
      ),
    ].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(8);
    for (const name of named) expect(Object.keys(scripts), name).toContain(name);
  });

  it('has an example of one package alone that runs', () => {
    const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const folder = mkdtempSync(join(ROOT, 'apps/tamiyo/.readme-'));
    try {
      writeFileSync(join(folder, 'example.ts'), example);
      const out = execFileSync(
        process.execPath,
        ['--import', 'tsx', '--conditions=@esper/source', join(folder, 'example.ts')],
        { cwd: folder, encoding: 'utf8' },
      );
      expect(out).toBe('1 durable when this resolves\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
