import { type DrillOutcome, runDrill } from '../../../../tools/drill/drill.ts';
import { exploreSwaps } from './swap-explorer.js';
import { SWAP_SABOTAGES, type SwapSabotage } from './swap-faults.js';

const COUNT = 50;
const RSS_SLOPE_MAX = 0.05;
const TOLD_EVERY = 100;

await runDrill(
  { name: 'registry:swap', defaultBudgetMs: 60_000, sabotages: SWAP_SABOTAGES },
  async ({ count = COUNT, sabotage, json }): Promise<DrillOutcome> => {
    const totals = await exploreSwaps({
      count,
      runtime: 'process',
      onSwap: (done) => {
        if (!json && done % TOLD_EVERY === 0) console.error(`${done} of ${count} updates`);
      },
      ...(sabotage === undefined ? {} : { sabotage: sabotage as SwapSabotage }),
    });
    const rules: readonly (readonly [broken: boolean, what: string])[] = [
      [totals.swaps === 0 || totals.decisions === 0, 'nothing was swapped or decided'],
      [totals.failed > 0, `${totals.failed} decisions failed, first ${totals.firstFailure}`],
      [totals.mixed > 0, `${totals.mixed} decisions name two policies`],
      [totals.wrong > 0, `${totals.wrong} updates ended with another policy in force than they should`],
      [totals.strays > 0, `${totals.strays} processes of replaced policies are still there`],
      [!totals.chainWhole, 'the history does not hold'],
      [
        totals.rssSlopeRatio > RSS_SLOPE_MAX,
        `memory grows by ${totals.rssSlopeRatio} of its mean over the second half`,
      ],
    ];
    const { swaps, decisions, failed, mixed, rssSlopeRatio } = totals;
    return {
      json: { swaps, decisions, failed, mixed, rssSlopeRatio },
      failures: rules.filter(([broken]) => broken).map(([, what]) => what),
    };
  },
);
