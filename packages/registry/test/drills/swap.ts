import { type DrillOutcome, runDrill } from '../../../../tools/drill/drill.ts';
import { exploreSwaps, SWAP_SABOTAGES, type SwapSabotage } from './swap-explorer.js';

const COUNT = 50;

await runDrill(
  { name: 'registry:swap', defaultBudgetMs: 20_000, sabotages: SWAP_SABOTAGES },
  async ({ seed, count = COUNT, sabotage }): Promise<DrillOutcome> => {
    const totals = await exploreSwaps({
      seed,
      count,
      ...(sabotage === undefined ? {} : { sabotage: sabotage as SwapSabotage }),
    });
    const rules: readonly (readonly [broken: boolean, what: string])[] = [
      [totals.swaps === 0 || totals.decisions === 0, 'nothing was swapped or decided'],
      [totals.failed > 0, `${totals.failed} decisions failed`],
      [totals.mixed > 0, `${totals.mixed} decisions saw two policies`],
      [totals.wrong > 0, `${totals.wrong} updates ended with another policy in force than they should`],
      [totals.leaked > 0, `${totals.leaked} policies were never closed`],
      [!totals.isWhole, 'the history is broken or no policy can run after a restart'],
    ];
    return { json: { ...totals }, failures: rules.filter(([broken]) => broken).map(([, what]) => what) };
  },
);
