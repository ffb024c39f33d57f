import { join } from 'node:path';
import { tempFolder } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { DiskProbe } from './disk-probe.js';
import { exploreKills, KILL_SABOTAGES, type KillSabotage } from './kill-explorer.js';
import { exploreSoak, SOAK_SABOTAGES, type SoakSabotage, type SoakTotals } from './soak-explorer.js';
import { slopeRatio, spread } from './soak-figures.js';
import { soakFailures } from './soak-rules.js';

const short = { seed: 7, count: 2, budgetMs: 60_000 };
/** A machine that runs other tests beside this one is not what a decision is measured on. */
const calm = { ratePerS: 20, durationMs: 2_000, deadlineMs: 10_000 };
const NO_DISK = { syncs: 0, stalls: 0, stallMs: 125, p50Ms: 0, p99Ms: 0, maxMs: 0 };

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
    const isSlow = sabotage === 'slow_library' || sabotage === 'slow_log';
    const plan = { ...calm, ratePerS: 80, ...(isSlow ? { deadlineMs: 300 } : {}), sabotage };
    expect(soakFailures(await exploreSoak(plan), plan.durationMs)).not.toEqual([]);
  });

  it('tamiyo:soak: the disk excuses what it failed itself, and no more than one decision in twenty', () => {
    const totals: SoakTotals = {
      ...{ sent: 1000, decisions: 990, failedByCode: { DEADLINE_DECISION: 10 }, failed: 10, failedByDisk: 10 },
      ...{ disk: NO_DISK, repeated: 0, behind: 0, latenciesMs: [], elapsedMs: 5000 },
      ...{ rssSlopeRatio: 0, rssMeanMib: 1, eventLoopDelayMs: { p99: 1, max: 1 }, ledgerExact: true, logExact: true },
    };
    expect(soakFailures(totals, 5000)).toEqual([]);
    expect(soakFailures({ ...totals, failed: 11 }, 5000)).toEqual([expect.stringContaining('11 good packets')]);
    const mostly = { ...totals, failed: 51, failedByDisk: 51 };
    expect(soakFailures(mostly, 5000)).toEqual([expect.stringContaining('too many to judge')]);
  });

  it('tamiyo:soak: the disk beside the host stood still in a stall, and for a deadline after it', async () => {
    const folder = await tempFolder();
    // Any sync is a stall here.
    const disk = await DiskProbe.start(join(folder.path, 'probe'), 0);
    const fromMs = performance.now();
    await expect.poll(() => disk.figures().stalls, { timeout: 60_000 }).toBeGreaterThan(1);
    await disk.stop();
    await folder.remove();
    const toMs = performance.now();
    expect(disk.stoodStill(fromMs, toMs, 0)).toBe(true);
    expect(disk.stoodStill(toMs + 1, toMs + 2, 0)).toBe(false);
    expect(disk.stoodStill(toMs + 1, toMs + 2, 60_000)).toBe(true);
    expect(disk.stoodStill(fromMs - 2, fromMs - 1000, 0)).toBe(false);
  });

  it('the figures are what they say', () => {
    expect(slopeRatio([9, 9, 9, 9, 100, 100, 100, 100])).toBe(0);
    expect(slopeRatio([0, 0, 0, 0, 90, 96, 102, 108, 110, 114])).toBe(0.166);
    expect(spread(Array.from({ length: 100 }, (_, at) => at + 1))).toEqual({ p50: 51, p95: 96, p99: 100 });
  });
});
