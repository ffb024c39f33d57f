import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compileGraph, type Observation, observe, priorNormalizerState, type TensorMap } from '@esper/policy';
import { buildPacket } from '@esper/testkit';
import { openService } from '../../apps/tamiyo/src/http/open-service.ts';
import { type Host, openHost, prepareDemoFiles, resolveConfig } from '../../apps/tamiyo/src/index.ts';
import { round } from '../wal-parts/timing.ts';
import { HttpAsker, listeningAt } from './http-asker.ts';

type Durability = 'durable' | 'written';

/** Configuration and keys of a host over real files in `folder`, with deadlines that never decide a benchmark. */
async function setupAt(folder: string, durability: Durability, more: Readonly<Record<string, unknown>> = {}) {
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
      ...more,
    },
  });
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  return { config: config.value, keys: files.keys };
}

export const openAt = async (folder: string, durability: Durability): Promise<Host> =>
  openHost(await setupAt(folder, durability));

/** The same host as it is served, and two callers of it. */
export interface Served {
  readonly host: Host;
  readonly tcp: HttpAsker;
  readonly socket: HttpAsker;
  close(): Promise<void>;
}

const SILENT = { answered: () => undefined, broke: () => undefined, noted: () => undefined };

export async function serveAt(folder: string, durability: Durability): Promise<Served> {
  const listen = { 'http.port': 0, 'http.socket': join(folder, `${durability}.sock`) };
  const setup = await setupAt(folder, durability, listen);
  const { host, addresses, tokens, close } = await openService({ ...setup, log: SILENT, version: '0.0.0' });
  const token = (await readFile(join(tokens.folder, 'trainer'), 'utf8')).trim();
  const [tcp, socket] = addresses.map((address) => new HttpAsker(listeningAt(address), token));
  if (tcp === undefined || socket === undefined) throw new Error(`the service listens on ${addresses.join(', ')} only`);
  return {
    host,
    tcp,
    socket,
    close: async () => {
      tcp.close();
      socket.close();
      await close();
    },
  };
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
