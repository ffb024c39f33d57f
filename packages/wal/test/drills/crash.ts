import { runDrill } from '../../../../tools/drill/drill.ts';
import { CRASH_SABOTAGES, type CrashSabotage, exploreCrashes } from './crash-explorer.ts';

/** `pnpm wal:crash`: recovers from every crash that seeded workloads could suffer. `images` counts distinct disks. */
await runDrill({ name: 'wal:crash', defaultBudgetMs: 60_000, sabotages: CRASH_SABOTAGES }, async (flags) => {
  const endsAt = performance.now() + flags.budgetMs;
  const totals = await exploreCrashes({
    seed: flags.seed,
    until: ({ images }) => (flags.count === undefined ? performance.now() > endsAt : images >= flags.count),
    ...(flags.sabotage === undefined ? {} : { sabotage: flags.sabotage as CrashSabotage }),
  });
  const { examples, ...json } = totals;
  const bad = totals.lostAcked + totals.invented + totals.unreported;
  if (!flags.json) console.log(`${totals.images} distinct images of ${totals.explored}, ${totals.workloads} workloads`);
  return { json, failures: bad === 0 ? [] : examples };
});
