import { runDrill, wholeNumber } from '../../../../tools/drill/drill.ts';
import { CRASH_SABOTAGES, type CrashSabotage, exploreCrashes } from './crash-explorer.ts';

/**
 * `pnpm wal:crash`: recovers from every crash that seeded workloads could suffer. `images` counts distinct disks. `--round` begins
 * with that round of the seed, so that what a long run found is found again at once.
 */
const spec = { name: 'wal:crash', defaultBudgetMs: 60_000, sabotages: CRASH_SABOTAGES, options: ['round'] };
await runDrill(spec, async (flags) => {
  const { round } = flags.own;
  const endsAt = performance.now() + flags.budgetMs;
  const totals = await exploreCrashes({
    seed: flags.seed,
    firstRound: wholeNumber('round', round) ?? 0,
    until: ({ images }) => (flags.count === undefined ? performance.now() > endsAt : images >= flags.count),
    ...(flags.sabotage === undefined ? {} : { sabotage: flags.sabotage as CrashSabotage }),
  });
  const { examples, ...json } = totals;
  const bad = totals.lostAcked + totals.invented + totals.unreported;
  if (!flags.json) console.log(`${totals.images} distinct images of ${totals.explored}, ${totals.workloads} workloads`);
  return { json, failures: bad === 0 ? [] : examples };
});
