import { describe, expect, it } from 'vitest';
import { exploreSwaps } from './swap-explorer.js';
import { SWAP_SABOTAGES, type SwapSabotage } from './swap-faults.js';

describe('swaps of a whole host under load, in short', () => {
  it('PU-07: no decision fails, none names two policies, no process stays behind, refused candidates change nothing', async () => {
    const totals = await exploreSwaps({ count: 30, runtime: 'thread' });
    expect(totals).toMatchObject({ swaps: 24, failed: 0, mixed: 0, wrong: 0, strays: 0, chainWhole: true });
    expect(totals.decisions).toBeGreaterThan(50);
  }, 240_000);

  it('the processes of replaced policies end', async () => {
    const totals = await exploreSwaps({ count: 3, runtime: 'process' });
    expect(totals).toMatchObject({ swaps: 3, failed: 0, mixed: 0, wrong: 0, strays: 0, chainWhole: true });
  }, 120_000);

  it.each(Object.keys(SWAP_SABOTAGES) as SwapSabotage[])(
    'it catches: %s',
    async (sabotage) => {
      const runtime = sabotage === 'never-closed' ? 'process' : 'thread';
      const count = sabotage === 'leak' ? 8 : 3;
      const { failed, mixed, wrong, strays, rssSlopeRatio } = await exploreSwaps({ count, runtime, sabotage });
      const isSeen = failed + mixed + wrong + strays > 0 || (sabotage === 'leak' && rssSlopeRatio > 0.05);
      expect(isSeen, JSON.stringify({ failed, mixed, wrong, strays, rssSlopeRatio })).toBe(true);
    },
    120_000,
  );
});
