import { describe, expect, it } from 'vitest';
import { exploreKills, KILL_SABOTAGES, type KillSabotage } from './kill-explorer.js';
import { exploreSoak, SOAK_SABOTAGES, type SoakSabotage } from './soak-explorer.js';
import { slopeRatio, spread } from './soak-figures.js';
import { soakFailures } from './soak-rules.js';

const short = { seed: 7, count: 3, budgetMs: 60_000 };
/** A machine that runs other tests beside this one is not what a decision is measured on. */
const calm = { ratePerS: 20, durationMs: 2_000, deadlineMs: 10_000 };

describe('drills, short', () => {
  it('tamiyo:kill: what a killed host had said still holds after its restart', async () => {
    const totals = await exploreKills(short);
    expect(totals.commands).toBeGreaterThan(0);
    expect(totals).toMatchObject({
      lost: 0,
      reusedSequences: 0,
      modeLost: 0,
      breakersLost: 0,
      epochsNotRising: 0,
      failedOpens: [],
    });
  });

  it.each(Object.keys(KILL_SABOTAGES) as KillSabotage[])('tamiyo:kill notices: %s', async (sabotage) => {
    const found = await exploreKills({ ...short, count: 1, sabotage });
    const { lost, reusedSequences, modeLost, breakersLost, failedOpens } = found;
    expect(lost + reusedSequences + modeLost + breakersLost + failedOpens.length).toBeGreaterThan(0);
  });

  it('TA-27, PF-24: tamiyo:soak: a steady load is decided, accounted for and recorded', async () => {
    const totals = await exploreSoak(calm);
    expect(totals).toMatchObject({ failed: 0, repeated: 0, ledgerExact: true, logExact: true });
    expect(totals.decisions).toBe(totals.sent);
  });

  it.each(Object.keys(SOAK_SABOTAGES) as SoakSabotage[])('tamiyo:soak notices: %s', async (sabotage) => {
    const plan = { ...calm, ratePerS: 80, ...(sabotage === 'slow_library' ? { deadlineMs: 300 } : {}), sabotage };
    expect(soakFailures(await exploreSoak(plan), plan.durationMs)).not.toEqual([]);
  });

  it('the figures are what they say', () => {
    expect(slopeRatio([9, 9, 9, 9, 100, 100, 100, 100])).toBe(0);
    expect(slopeRatio([0, 0, 0, 0, 90, 96, 102, 108, 110, 114])).toBe(0.166);
    expect(spread(Array.from({ length: 100 }, (_, at) => at + 1))).toEqual({ p50: 51, p95: 96, p99: 100 });
  });
});
