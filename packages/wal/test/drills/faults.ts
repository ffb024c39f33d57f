import { runDrill } from '../../../../tools/drill/drill.ts';
import { exploreFaults, FAULT_SABOTAGES, type FaultSabotage } from './fault-explorer.ts';

/**
 * `pnpm wal:faults`: every disk call of every kind of life fails, alone and in pairs; the log stays correct or is poisoned
 * with a typed error. `runs` equal to `of` means that nothing was left out.
 */
await runDrill({ name: 'wal:faults', defaultBudgetMs: 60_000, sabotages: FAULT_SABOTAGES }, async (flags) => {
  const endsAt = performance.now() + flags.budgetMs;
  const totals = await exploreFaults({
    seed: flags.seed,
    until: ({ runs }) => (flags.count === undefined ? performance.now() > endsAt : runs >= flags.count),
    ...(flags.sabotage === undefined ? {} : { sabotage: flags.sabotage as FaultSabotage }),
  });
  const { examples, ...json } = totals;
  const bad = totals.lostAcked + totals.invented + totals.untyped + totals.stuck;
  if (!flags.json) console.log(`${totals.singles} single faults and ${totals.pairs} pairs of ${totals.of}`);
  return { json, failures: bad === 0 ? [] : examples };
});
