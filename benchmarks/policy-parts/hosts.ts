import {
  compileGraph,
  compileWeights,
  DEFAULT_GRAPH_LIMITS,
  decode,
  type InferenceHost,
  type NetworkDims,
  observe,
  resolveDecodeConfig,
  splitOutputs,
} from '@esper/policy';
import { createProcessHost, createThreadHost } from '@esper/policy/node';
import { sampleWeights } from '@esper/policy/testing';
import { SeededRandom } from '@esper/testkit';
import { type Figures, timeInTurn } from './figures.ts';
import { must, openBare, toFeeds } from './forms.ts';
import { typicalInput, typicalLimits } from './scene.ts';

/** What isolation and everything around the run cost, against `session.run` alone on the same tensors. */
export interface HostsFigures {
  readonly nodes: number;
  readonly bare: Figures;
  readonly thread: Figures & { readonly ratioToBare: number; readonly addedMs: number };
  readonly process: Figures & { readonly ratioToBare: number; readonly addedMs: number };
}

/** Far above any run here: the benchmark measures cost, the drill `policy:hang` measures the deadline. */
const DEADLINE_MS = 2000;

/** Packet to proposed command: graph, tensors, transfer, inference, transfer, decoding. */
function wholePath(host: InferenceHost, dims: NetworkDims): () => Promise<unknown> {
  const limits = typicalLimits(dims);
  const config = resolveDecodeConfig({ dims, bundleDigest: '0'.repeat(64) });
  return async () => {
    const observation = must(observe(typicalInput, limits));
    const feeds = must(compileGraph(observation.graph, { dims, limits: DEFAULT_GRAPH_LIMITS }));
    const reply = must(await host.infer(feeds, DEADLINE_MS));
    const counts = { seedCount: observation.seeds.length, blueprintCount: observation.blueprints.length };
    const proposal = decode(must(splitOutputs(reply.outputs, { dims, ...counts })), observation, config);
    // A refused proposal is a decision too; only its cost matters here.
    return proposal.ok;
  };
}

/** Times `session.run` alone, and the whole path through each host, in turn. */
export async function timeHosts(
  dims: NetworkDims,
  given: { readonly seed: number; readonly budgetMs: number },
): Promise<HostsFigures> {
  const model = compileWeights(sampleWeights(dims, new SeededRandom(given.seed)));
  const { graph } = must(observe(typicalInput, typicalLimits(dims)));
  const feeds = toFeeds(must(compileGraph(graph, { dims, limits: DEFAULT_GRAPH_LIMITS })));
  const bare = await openBare(model);
  const thread = await createThreadHost({ model });
  const child = await createProcessHost({ model });
  try {
    const timed = await timeInTurn(
      [
        { name: 'bare', perRound: 8, run: () => bare.run(feeds) },
        { name: 'thread', perRound: 8, run: wholePath(thread, dims) },
        { name: 'process', perRound: 8, run: wholePath(child, dims) },
      ],
      given.budgetMs,
    );
    const alone = timed['bare'] as Figures;
    const against = (name: string) => {
      const figures = timed[name] as Figures;
      const ratioToBare = Math.round((1000 * figures.p50Ms) / alone.p50Ms) / 1000;
      return { ...figures, ratioToBare, addedMs: Math.round(1000 * (figures.p50Ms - alone.p50Ms)) / 1000 };
    };
    const nodes = Object.values(graph.nodes).reduce((sum, { ids }) => sum + ids.length, 0);
    return { nodes, bare: alone, thread: against('thread'), process: against('process') };
  } finally {
    await Promise.all([bare.release(), thread.close(), child.close()]);
  }
}
