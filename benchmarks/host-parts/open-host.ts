import { join } from 'node:path';
import { compileGraph, type Observation, observe, priorNormalizerState, type TensorMap } from '@esper/policy';
import { buildPacket } from '@esper/testkit';
import { type Host, openHost, prepareDemoFiles, resolveConfig } from '../../apps/tamiyo/src/index.ts';
import { round } from '../wal-parts/timing.ts';

/** A host over real files in `folder`, with deadlines that never decide a benchmark. */
export async function openAt(folder: string, durability: 'durable' | 'written'): Promise<Host> {
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

/** The packet of a step, like every other but in its id and step. */
export const packetOf = (step: number) => buildPacket({ packetId: `step-${step}`, globalStep: step });

/** What the graph builder is given for such a packet. */
export async function observationInput(host: Host) {
  return {
    packet: packetOf(1),
    blueprints: await host.catalogue.candidates(),
    vocabularies: { seed: new Map(), blueprint: new Map(), layer_type: new Map(), activation_type: new Map() },
    statistics: priorNormalizerState(),
  };
}

/** The graph of such a packet. Throws when it is refused. */
export async function observed(host: Host): Promise<Observation> {
  const policy = host.policies.inForce();
  if (!policy.ok) throw new Error(policy.error);
  const outcome = observe(await observationInput(host), policy.value.observeLimits);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.error));
  return outcome.value;
}

/** What the network is fed with for it. */
export async function feedsFor(host: Host): Promise<TensorMap> {
  const policy = host.policies.inForce();
  if (!policy.ok) throw new Error(policy.error);
  const { dims, graphLimits } = policy.value;
  const feeds = compileGraph((await observed(host)).graph, { dims, limits: graphLimits });
  if (!feeds.ok) throw new Error(JSON.stringify(feeds.error));
  return feeds.value;
}

/** Median and tails of unsorted values. */
export function spread(values: readonly number[]): {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
} {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
