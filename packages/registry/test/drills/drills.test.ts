import { describe, expect, it } from 'vitest';
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
