import { describe, expect, it } from 'vitest';
import { KILL_SABOTAGES, type KillFinding, type KillPlan, killAt, placesOfUpdate } from './kill-explorer.js';
import { exploreSwaps, SWAP_SABOTAGES, type SwapSabotage } from './swap-explorer.js';

const SEED = 11;

describe('the swap drill, in short', () => {
  it('D-34: swaps under load fail no decision and mix no two policies; refused and sick candidates change nothing', async () => {
    const totals = await exploreSwaps({ seed: SEED, count: 30 });
    expect(totals).toMatchObject({ failed: 0, mixed: 0, wrong: 0, leaked: 0, isWhole: true });
    expect(totals.swaps).toBeGreaterThan(10);
    expect(totals.decisions).toBeGreaterThan(50);
  });

  it.each(Object.keys(SWAP_SABOTAGES) as SwapSabotage[])('it catches: %s', async (sabotage) => {
    const { failed, mixed, wrong, leaked } = await exploreSwaps({ seed: SEED, count: 20, sabotage });
    expect(failed + mixed + wrong + leaked).toBeGreaterThan(0);
  });
});

describe('an update that is killed', () => {
  const killEverywhere = async (plan: KillPlan, last = Number.POSITIVE_INFINITY): Promise<readonly KillFinding[]> => {
    const places = await placesOfUpdate(plan);
    const findings: KillFinding[] = [];
    for (let at = Math.max(0, places.length - last); at < places.length; at += 2) {
      const two = [at, at + 1].filter((index) => index < places.length);
      findings.push(...(await Promise.all(two.map((index) => killAt(index, plan)))));
    }
    expect(findings.map(({ place }) => place)).toEqual(places.slice(-findings.length));
    return findings;
  };
  const versionsBy = (findings: readonly KillFinding[]) => findings.map(({ place, active }) => `${place}: ${active}`);

  it('PU-06: at any place: the old or the new policy is active and verified, the chain is whole, and it can begin again', async () => {
    const findings = await killEverywhere({ health: 'well' });
    expect(versionsBy(findings)).toEqual([
      'before keep: 1',
      'after keep: 1',
      'before append: 1',
      'after append: 1',
      'golden: 1',
      'latency: 1',
      'before append: 1',
      'after append: 1',
      'shadow: 1',
      'before append: 1',
      'after append: 2',
      'swap: 2',
      'health: 2',
      'settle: 2',
      'done: 2',
    ]);
    expect(findings.filter(({ chainWhole, canGoOn }) => !chainWhole || !canGoOn)).toEqual([]);
  });

  it('PU-14: while it goes back from a sick policy: the new one until that is written down, the old one after', async () => {
    const findings = await killEverywhere({ health: 'sick' }, 7);
    expect(versionsBy(findings)).toEqual([
      'swap: 2',
      'health: 2',
      'swap back: 2',
      'before append: 2',
      'after append: 1',
      'close: 1',
      'done: 1',
    ]);
    expect(findings.every(({ chainWhole }) => chainWhole)).toBe(true);
  });

  it.each(Object.keys(KILL_SABOTAGES) as (keyof typeof KILL_SABOTAGES)[])('the kills catch: %s', async (sabotage) => {
    const plan: KillPlan = { health: 'well', sabotage };
    const places = await placesOfUpdate(plan);
    const last = sabotage === 'keeps-late' ? places.indexOf('swap') : places.lastIndexOf('emptied');
    const { active } = await killAt(last, plan);
    expect(active).toBe(0);
  });
});
