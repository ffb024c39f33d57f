import { runDrill } from '../../../../tools/drill/drill.ts';
import { exploreRot, ROT_SABOTAGES, type RotSabotage } from './rot-explorer.ts';

/** `pnpm wal:rot`: flips bits, zeroes and misdirects sectors, and reopens. Each corruption is another one. */
await runDrill({ name: 'wal:rot', defaultBudgetMs: 60_000, sabotages: ROT_SABOTAGES }, async (flags) => {
  const endsAt = performance.now() + flags.budgetMs;
  const totals = await exploreRot({
    seed: flags.seed,
    until: ({ corruptions }) => (flags.count === undefined ? performance.now() > endsAt : corruptions >= flags.count),
    ...(flags.sabotage === undefined ? {} : { sabotage: flags.sabotage as RotSabotage }),
  });
  const { examples, ...json } = totals;
  const bad = totals.silent + totals.lostBeyondDamaged + totals.refused + totals.accepted;
  if (!flags.json)
    console.log(
      `${totals.corruptions} corruptions of ${totals.logs} logs, ${totals.lostAndReported} losses, all reported`,
    );
  return { json, failures: bad === 0 ? [] : examples };
});
