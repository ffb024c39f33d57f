import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const example = fileURLToPath(new URL('./readme-example.tmp.ts', import.meta.url));
afterAll(() => rmSync(example, { force: true }));

it('the example of the README runs and prints what it says', () => {
  const code = /```ts\n([\s\S]*?)```/.exec(README)?.[1] ?? '';
  expect(code.trim().split('\n').length).toBeLessThanOrEqual(15);
  writeFileSync(example, code);
  const { status, stdout } = spawnSync(process.execPath, ['--import', 'tsx', '--conditions=@esper/source', example], {
    encoding: 'utf8',
  });
  expect(status).toBe(0);
  expect(stdout).toContain('2 PAUSE loss_spike loss_delta 0.23 > 0.15; at 0.15 it would have become OPTIMIZER');
  expect(stdout).toContain('3 PAUSE conservative_mode');
});
