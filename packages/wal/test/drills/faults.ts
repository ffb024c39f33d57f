import { runDrill, UsageError } from '../../../../tools/drill/drill.ts';
import { exploreFaults, FAULT_SABOTAGES, type FaultSabotage, type Share } from './fault-explorer.ts';

/** `2/3` is the second third of the pairs; throws `UsageError` on anything else than such a share. */
function shareOf(text: string): Share {
  const [which = Number.NaN, of = Number.NaN] = /^\d+\/\d+$/.test(text) ? text.split('/').map(Number) : [];
  if (!(which >= 1 && which <= of)) throw new UsageError(`--share takes a share such as 2/3, got ${text}`);
  return { which, of };
}

/**
 * `pnpm wal:faults`: every disk call of every kind of life fails, alone and in pairs; the log stays correct or is poisoned
 * with a typed error. `runs` equal to `of` means that nothing was left out. `--share 1/2` and `--share 2/2` walk all pairs
 * in two processes; then `pairs` of both add up to `of` less the singles.
 */
const options = ['share'];
await runDrill({ name: 'wal:faults', defaultBudgetMs: 60_000, sabotages: FAULT_SABOTAGES, options }, async (flags) => {
  const endsAt = performance.now() + flags.budgetMs;
  const totals = await exploreFaults({
    seed: flags.seed,
    until: ({ runs }) => (flags.count === undefined ? performance.now() > endsAt : runs >= flags.count),
    ...(flags.own['share'] === undefined ? {} : { share: shareOf(flags.own['share']) }),
    ...(flags.sabotage === undefined ? {} : { sabotage: flags.sabotage as FaultSabotage }),
  });
  const { examples, ...json } = totals;
  const bad = totals.lostAcked + totals.invented + totals.untyped + totals.stuck;
  if (!flags.json) console.log(`${totals.singles} single faults and ${totals.pairs} pairs of ${totals.of}`);
  return { json, failures: bad === 0 ? [] : examples };
});
