import { type DrillOutcome, runDrill } from '../../../../tools/drill/drill.ts';
import { exploreKills, KILL_SABOTAGES, type KillSabotage } from './kill-explorer.js';

/** `pnpm tamiyo:kill`: SIGKILL of a whole host at random moments under load; nothing it had said may be lost. */
const COUNT = 4;

await runDrill(
  { name: 'tamiyo:kill', defaultBudgetMs: 900_000, sabotages: KILL_SABOTAGES },
  async ({ seed, count = COUNT, budgetMs, sabotage }): Promise<DrillOutcome> => {
    const totals = await exploreKills({
      seed,
      count,
      budgetMs,
      ...(sabotage === undefined ? {} : { sabotage: sabotage as KillSabotage }),
    });
    const rules: readonly (readonly [broken: boolean, what: string])[] = [
      [totals.kills === 0 || totals.commands === 0, 'nothing was killed or decided'],
      [totals.lost > 0, `${totals.lost} acknowledged commands are not as they were`],
      [totals.reusedSequences > 0, `${totals.reusedSequences} sequence numbers were used again or fell`],
      [totals.modeLost > 0, `${totals.modeLost} runs came back without their mode or hold`],
      [totals.breakersLost > 0, `${totals.breakersLost} runs came back with other breakers`],
      [totals.epochsNotRising > 0, `${totals.epochsNotRising} epochs did not rise`],
      [totals.failedOpens.length > 0, `a host did not come up again: ${totals.failedOpens.join('; ')}`],
    ];
    return { json: { ...totals }, failures: rules.filter(([broken]) => broken).map(([, what]) => what) };
  },
);
