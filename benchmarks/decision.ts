import { join } from 'node:path';
import { compileGraph, observe, priorNormalizerState, type TensorMap } from '@esper/policy';
import { buildPacket, SeededRandom, tempFolder } from '@esper/testkit';
import { type Host, openHost, prepareDemoFiles, resolveConfig } from '../apps/tamiyo/src/index.ts';
import { runDrill } from '../tools/drill/drill.ts';
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

type Durability = 'durable' | 'written';

async function openAt(folder: string, durability: Durability): Promise<Host> {
  const dataDir = join(folder, durability);
  const files = await prepareDemoFiles(dataDir, { shape: { inputs: 256, width: 48, classes: 10 }, policySeed: 1 });
  const config = resolveConfig({
    flags: {
      dataDir,
      profile: 'harness',
      'wal.durability': durability,
      'deadlines.inferenceMs': 1000,
      'deadlines.metadataMs': 1000,
      'deadlines.decisionMs': 5000,
    },
  });
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  return openHost({ config: config.value, keys: files.keys });
}

const packetOf = (step: number) => buildPacket({ packetId: `step-${step}`, globalStep: step });

/** What the network is fed with for such a packet. */
async function feedsFor(host: Host): Promise<TensorMap> {
  const policy = host.policies.inForce();
  if (!policy.ok) throw new Error(policy.error);
  const { observeLimits, dims, graphLimits } = policy.value;
  const observed = observe(
    {
      packet: packetOf(1),
      blueprints: await host.catalogue.candidates(),
      vocabularies: { seed: new Map(), blueprint: new Map(), layer_type: new Map(), activation_type: new Map() },
      statistics: priorNormalizerState(),
    },
    observeLimits,
  );
  if (!observed.ok) throw new Error(JSON.stringify(observed.error));
  const feeds = compileGraph(observed.value.graph, { dims, limits: graphLimits });
  if (!feeds.ok) throw new Error(JSON.stringify(feeds.error));
  return feeds.value;
}

const spread = (values: readonly number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
};

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
