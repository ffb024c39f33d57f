import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { DrillFlags } from '../../../tools/drill/drill.ts';
import { MUTATE_DRILL, mutateDrill } from './drills/mutate-drill.js';
import { REPLAY_DRILL, replayDrill } from './drills/replay-drill.js';

const short = (count: number, sabotage?: string): DrillFlags => ({
  seed: 1,
  budgetMs: 60_000,
  count,
  json: true,
  assert: false,
  sabotage,
  own: {},
  rest: [],
});

describe('pnpm verifier:mutate, in short', () => {
  it('nothing is accepted, nothing thrown', async () => {
    const { json, failures } = await mutateDrill(short(5000));
    expect(failures).toEqual([]);
    expect(json).toMatchObject({ mutations: 5000, accepted: 0, threw: 0 });
  }, 120_000);

  it.each(Object.keys(MUTATE_DRILL.sabotages ?? {}))('catches the planted fault %s', async (sabotage) => {
    const { json, failures } = await mutateDrill(short(3000, sabotage));
    expect(failures.join()).toContain('mutated envelopes');
    expect(Number(json['accepted']) + Number(json['threw'])).toBeGreaterThan(0);
  });

  it('as a program: prints its result as one object and exits with 1 when a promise is broken', () => {
    const script = fileURLToPath(new URL('./drills/mutate.ts', import.meta.url));
    const args = ['--import', 'tsx', '--conditions=@esper/source', script, '--count', '3000', '--json'];
    const { status, stdout } = spawnSync(process.execPath, [...args, '--sabotage', 'half-compare'], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({ mutations: 3000, threw: 0 });
  }, 120_000);
});

describe('pnpm verifier:replay, in short', () => {
  it('over two SIGKILLs nothing is executed twice, and a full memory refuses by name', async () => {
    const { json, failures } = await replayDrill(short(2));
    expect(failures).toEqual([]);
    expect(json).toMatchObject({ restarts: 2, acceptedTwice: 0 });
  }, 120_000);

  it.each(Object.keys(REPLAY_DRILL.sabotages ?? {}))(
    'catches the planted fault %s',
    async (sabotage) => {
      const { failures } = await replayDrill(short(1, sabotage));
      const broken = sabotage === 'journal-far-ahead' ? /good commands .*were refused/ : /executed twice/;
      expect(failures.join()).toMatch(broken);
    },
    120_000,
  );
});
