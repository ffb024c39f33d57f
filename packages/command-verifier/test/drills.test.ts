import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const run = (name: string, flags: readonly string[]) => {
  const script = fileURLToPath(new URL(`./drills/${name}.ts`, import.meta.url));
  const args = ['--import', 'tsx', '--conditions=@esper/source', script, ...flags, '--json'];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status, json: JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Record<string, unknown> };
};

/** Short forms; all planted faults are swept by the drill commands themselves. */
describe('drills', () => {
  it('mutate: nothing is accepted, nothing thrown', () => {
    const { status, json } = run('mutate', ['--count', '5000']);
    expect(status).toBe(0);
    expect(json).toMatchObject({ mutations: 5000, accepted: 0, threw: 0 });
  }, 120_000);

  it('mutate: a planted fault is caught', () => {
    const { status, json } = run('mutate', ['--count', '5000', '--sabotage', 'half-compare']);
    expect(status).toBe(1);
    expect(json['accepted']).toBeGreaterThan(0);
  }, 120_000);

  it('replay: two SIGKILLs, nothing is executed twice', () => {
    const { status, json } = run('replay', ['--count', '2']);
    expect(status).toBe(0);
    expect(json).toMatchObject({ restarts: 2, acceptedTwice: 0 });
  }, 120_000);
});
