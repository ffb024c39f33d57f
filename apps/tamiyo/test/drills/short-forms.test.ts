import { describe, expect, it } from 'vitest';
import { exploreKills, KILL_SABOTAGES, type KillSabotage } from './kill-explorer.js';
import { exploreSoak, SOAK_SABOTAGES, type SoakSabotage } from './soak-explorer.js';
import { slopeRatio, spread } from './soak-figures.js';

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

  it('tamiyo:kill: forgotten states are noticed', async () => {
    const caught = async (sabotage: KillSabotage) => {
      const { lost, reusedSequences, modeLost, breakersLost, failedOpens } = await exploreKills({ ...short, sabotage });
      return lost + reusedSequences + modeLost + breakersLost + failedOpens.length;
    };
    expect(Object.keys(KILL_SABOTAGES).length).toBeGreaterThanOrEqual(5);
    expect(await caught('stale_sequence')).toBeGreaterThan(0);
  });

  it('TA-27: tamiyo:soak: a steady load is decided, accounted for and recorded', async () => {
    const totals = await exploreSoak(calm);
    expect(totals).toMatchObject({ failed: 0, repeated: 0, ledgerExact: true, logExact: true });
    expect(totals.decisions).toBe(totals.sent);
  });

  it('tamiyo:soak: records that were never written are noticed', async () => {
    const sabotage: SoakSabotage = 'record_skipped';
    expect(Object.keys(SOAK_SABOTAGES).length).toBeGreaterThanOrEqual(5);
    expect((await exploreSoak({ ...calm, ratePerS: 80, sabotage })).logExact).toBe(false);
  });

  it('the figures are what they say', () => {
    expect(slopeRatio([9, 9, 9, 9, 100, 100, 100, 100])).toBe(0);
    expect(slopeRatio([0, 0, 0, 0, 90, 96, 102, 108, 110, 114].map((value) => value))).toBeGreaterThan(0.2);
    expect(spread(Array.from({ length: 100 }, (_, at) => at + 1))).toEqual({ p50: 51, p95: 96, p99: 100 });
  });
});
