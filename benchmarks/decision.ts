import { join } from 'node:path';
import { SeededRandom, tempFolder } from '@esper/testkit';
import type { Host } from '../apps/tamiyo/src/index.ts';
import { runDrill } from '../tools/drill/drill.ts';
import { feedsFor, openAt, packetOf, spread } from './host-parts/open-host.ts';
import { BareFile } from './wal-parts/bare-file.ts';
import { round, timed } from './wal-parts/timing.ts';

/**
 * `pnpm bench decision`: the whole decision, validate to record, durable and not, beside bare inference and bare write +
 * fdatasync of as many bytes, all in turn in one run. `added` is what is left of the median when the two bare ones are taken off.
 */
const ROUNDS_PER_SECOND = 20;
const WARM_UP = 40;
/** A recorded decision, about. */
const RECORD_BYTES = 13_000;
/** The seed's budget. */
const P95_MS_MAX = 45;

await runDrill({ name: 'bench decision', defaultBudgetMs: 30_000 }, async ({ budgetMs, count, assert: judged }) => {
  const folder = await tempFolder();
  const durable = await openAt(folder.path, 'durable');
  const written = await openAt(folder.path, 'written');
  const policy = durable.policies.inForce();
  if (!policy.ok) throw new Error(policy.error);
  const inference = policy.value.host;
  const feeds = await feedsFor(durable);
  const bare = new BareFile(join(folder.path, 'bare'));
  const bytes = new SeededRandom(1).bytes(RECORD_BYTES);
  const failed: string[] = [];
  const decide = async (host: Host, step: number): Promise<void> => {
    const outcome = await host.decide('run-1', packetOf(step));
    if (!outcome.ok) failed.push(outcome.error.code);
  };
  const works = {
    durable: (step: number) => decide(durable, step),
    written: (step: number) => decide(written, step),
    bareInference: async () => {
      const reply = await inference.infer(feeds, 1000);
      if (!reply.ok) failed.push(reply.error.code);
    },
    bareFdatasync: () => bare.append(bytes),
  };
  const names = Object.keys(works) as (keyof typeof works)[];
  const taken: Record<keyof typeof works, number[]> = {
    durable: [],
    written: [],
    bareInference: [],
    bareFdatasync: [],
  };
  const rounds = count ?? Math.ceil((budgetMs / 1000) * ROUNDS_PER_SECOND);
  for (let at = 0; at < WARM_UP + rounds; at += 1) {
    for (let turn = 0; turn < names.length; turn += 1) {
      // Each of the four goes first, second, third and last as often as the others.
      const name = names[(turn + at) % names.length] as keyof typeof works;
      const ms = await timed(() => works[name](at + 1));
      if (at >= WARM_UP) taken[name].push(ms);
    }
  }
  bare.close();
  await Promise.all([durable.close(), written.close()]);
  await folder.remove();
  const figures = Object.fromEntries(names.map((name) => [name, spread(taken[name])])) as Record<
    keyof typeof works,
    ReturnType<typeof spread>
  >;
  const addedMs = round(figures.durable.p50 - figures.bareInference.p50 - figures.bareFdatasync.p50);
  const failures = [
    ...(failed.length > 0 ? [`${failed.length} calls failed: ${[...new Set(failed)].join(', ')}`] : []),
    ...(judged && !(figures.durable.p95 < P95_MS_MAX)
      ? [`p95 is ${figures.durable.p95} ms, below ${P95_MS_MAX} is wanted`]
      : []),
  ];
  return { json: { rounds, failed: failed.length, ...figures, addedMs }, failures };
});
