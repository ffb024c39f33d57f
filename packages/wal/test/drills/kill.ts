import { runDrill } from '../../../../tools/drill/drill.ts';
import { exploreKills, KILL_SABOTAGES, type KillSabotage } from './kill-explorer.ts';

/** `pnpm wal:kill`: SIGKILLs a real writer on a real disk; nothing it acknowledged may be gone. */
await runDrill({ name: 'wal:kill', defaultBudgetMs: 60_000, sabotages: KILL_SABOTAGES }, async (flags) => {
  const endsAt = performance.now() + flags.budgetMs;
  const totals = await exploreKills({
    seed: flags.seed,
    until: ({ kills }) => (flags.count === undefined ? performance.now() > endsAt : kills >= flags.count),
    ...(flags.sabotage === undefined ? {} : { sabotage: flags.sabotage as KillSabotage }),
  });
  const { examples, ...json } = totals;
  if (!flags.json) console.log(`${totals.kills} kills, ${totals.acked} acknowledgements, ${totals.lostAcked} lost`);
  return { json, failures: totals.lostAcked === 0 ? [] : examples };
});
