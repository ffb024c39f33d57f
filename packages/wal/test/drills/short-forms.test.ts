import { describe, expect, it } from 'vitest';
import { CRASH_SABOTAGES, type CrashSabotage, exploreCrashes } from './crash-explorer.js';
import { exploreFaults, FAULT_SABOTAGES, type FaultSabotage } from './fault-explorer.js';
import { exploreKills, KILL_SABOTAGES, type KillSabotage } from './kill-explorer.js';
import { exploreRot, ROT_SABOTAGES, type RotSabotage } from './rot-explorer.js';

const SEED = 11;

describe('the drills, in short', () => {
  it('TA-29, WA-13: no crash loses, invents or hides a record', async () => {
    const totals = await exploreCrashes({ seed: SEED, until: ({ images }) => images >= 1500 });
    expect(totals).toMatchObject({ lostAcked: 0, invented: 0, unreported: 0, refused: 0, examples: [] });
  });

  it('D-08: damage costs the damaged record alone, and is reported with its sequence', async () => {
    const totals = await exploreRot({ seed: SEED, until: ({ corruptions }) => corruptions >= 1500 });
    expect(totals).toMatchObject({ silent: 0, lostBeyondDamaged: 0, refused: 0, accepted: 0, examples: [] });
    expect(totals.lostAndReported).toBeGreaterThan(300);
  });

  it('D-11b: every call of every life fails with every fault, alone and in pairs; what was acknowledged stays', async () => {
    const totals = await exploreFaults({ seed: SEED, until: ({ pairs }) => pairs >= 400 });
    expect(totals).toMatchObject({ lostAcked: 0, invented: 0, untyped: 0, stuck: 0, examples: [] });
    expect(totals.singles).toBeGreaterThan(2000);
  });

  it.each(Object.keys(FAULT_SABOTAGES) as FaultSabotage[])('the fault drill catches: %s', async (sabotage) => {
    const bad = (totals: Awaited<ReturnType<typeof exploreFaults>>) =>
      totals.lostAcked + totals.invented + totals.untyped + totals.stuck;
    const totals = await exploreFaults({ seed: SEED, sabotage, until: (now) => now.runs >= 2500 || bad(now) > 0 });
    expect(bad(totals)).toBeGreaterThan(0);
  });

  it.each(Object.keys(CRASH_SABOTAGES) as CrashSabotage[])('the crash drill catches: %s', async (sabotage) => {
    const { lostAcked, invented, unreported } = await exploreCrashes({
      seed: SEED,
      sabotage,
      until: (totals) => totals.images >= 3000 || totals.lostAcked + totals.invented + totals.unreported > 0,
    });
    expect(lostAcked + invented + unreported).toBeGreaterThan(0);
  });

  it.each(Object.keys(ROT_SABOTAGES) as RotSabotage[])('the rot drill catches: %s', async (sabotage) => {
    const bad = (totals: Awaited<ReturnType<typeof exploreRot>>) =>
      totals.silent + totals.lostBeyondDamaged + totals.refused + totals.accepted;
    const totals = await exploreRot({ seed: SEED, sabotage, until: (now) => now.corruptions >= 2000 || bad(now) > 0 });
    expect(bad(totals)).toBeGreaterThan(0);
  });

  it('WA-16: a killed writer has lost nothing that it acknowledged', async () => {
    const totals = await exploreKills({ seed: SEED, until: ({ kills }) => kills >= 2 });
    expect(totals).toMatchObject({ kills: 2, lostAcked: 0 });
  });

  it.each(Object.keys(KILL_SABOTAGES) as KillSabotage[])('the kill drill catches: %s', async (sabotage) => {
    const { lostAcked } = await exploreKills({ seed: SEED, sabotage, until: ({ kills }) => kills >= 12 });
    expect(lostAcked).toBeGreaterThan(0);
  });
});
