import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const DRILL = fileURLToPath(new URL('./tighten.ts', import.meta.url));
const run = (...args: readonly string[]) => {
  const outcome = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--conditions=@esper/source', DRILL, '--json', ...args],
    {
      encoding: 'utf8',
    },
  );
  return {
    code: outcome.status,
    json: JSON.parse(outcome.stdout.trim().split('\n').at(-1) ?? '{}') as Record<string, unknown>,
  };
};

describe('the tighten drill', () => {
  it('finds nothing loosened and says what it did', () => {
    const { code, json } = run('--count', '300', '--seed', '5');
    expect([code, json['contexts'], json['loosened']]).toEqual([0, 300, 0]);
  });

  it('catches every planted fault', () => {
    const names = run('--sabotage', 'list').json['sabotages'] as readonly string[];
    expect(names.length).toBeGreaterThanOrEqual(5);
    const missed = names.filter((name) => run('--sabotage', name, '--count', '4000').code !== 1);
    expect(missed).toEqual([]);
  });
});
