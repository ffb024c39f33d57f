import {
  compileGraph,
  compileWeights,
  DEFAULT_GRAPH_LIMITS,
  decode,
  type InferenceHost,
  type NetworkDims,
  observe,
  rememberBlueprints,
  rememberRelations,
  resolveDecodeConfig,
  splitOutputs,
} from '@esper/policy';
import { createProcessHost, createThreadHost } from '@esper/policy/node';
import { sampleWeights } from '@esper/policy/testing';
import { SeededRandom } from '@esper/testkit';
import { type Figures, timeInTurn } from './figures.ts';
import { must, openBare, toFeeds } from './forms.ts';
import { typicalInput, typicalLimits } from './scene.ts';

interface HostFigures extends Figures {
  readonly ratioToBare: number;
  readonly addedMs: number;
  readonly stages: Stages;
}

/** What isolation and everything around the run cost, against `session.run` alone on the same tensors. */
export interface HostsFigures {
  readonly nodes: number;
  readonly bare: Figures;
  readonly thread: HostFigures;
  readonly process: HostFigures;
}

/** Far above any run here: the benchmark measures cost, the drill `policy:hang` measures the deadline. */
const DEADLINE_MS = 2000;

/** Where the time of the whole path goes, in the order of the path. */
const STAGES = ['observe', 'compileGraph', 'inferAround', 'run', 'split', 'decode'] as const;
type Stages = Readonly<Record<(typeof STAGES)[number], number>>;

interface WholePath {
  run(): Promise<unknown>;
  /** Medians in milliseconds. `inferAround` is the call to the host less the time inside the runtime. */
  stages(): Stages;
}

/** Packet to proposed command: graph, tensors, transfer, inference, transfer, decoding. */
function wholePath(host: InferenceHost, dims: NetworkDims): WholePath {
  const limits = typicalLimits(dims);
  const config = resolveDecodeConfig({ dims, bundleDigest: '0'.repeat(64) });
  const remember = rememberBlueprints();
  const relations = rememberRelations();
  const contract = { dims, limits: DEFAULT_GRAPH_LIMITS };
  const seen: Stages[] = [];
  const run = async (): Promise<void> => {
    const t0 = performance.now();
    const observation = must(observe(typicalInput, limits, remember));
    const t1 = performance.now();
    const feeds = must(compileGraph(observation.graph, contract, relations));
    const t2 = performance.now();
    const answered = host.infer(feeds, DEADLINE_MS);
    // As a host does: while the network runs, what is only needed afterwards.
    void observation.coverage;
    const reply = must(await answered);
    const t3 = performance.now();
    const counts = { seedCount: observation.seeds.length, blueprintCount: observation.blueprints.length };
    const outputs = must(splitOutputs(reply.outputs, { dims, ...counts }));
    const t4 = performance.now();
    // A refused proposal is a decision too; only its cost matters here.
    decode(outputs, observation, config);
    const t5 = performance.now();
    const inferAround = t3 - t2 - reply.runMs;
    seen.push({
      observe: t1 - t0,
      compileGraph: t2 - t1,
      inferAround,
      run: reply.runMs,
      split: t4 - t3,
      decode: t5 - t4,
    });
  };
  const medianOf = (stage: keyof Stages): number => {
    const sorted = seen.map((stages) => stages[stage]).sort((a, b) => a - b);
    return Math.round(1000 * (sorted[sorted.length >> 1] ?? Number.NaN)) / 1000;
  };
  const stages = (): Stages => Object.fromEntries(STAGES.map((stage) => [stage, medianOf(stage)])) as Stages;
  return { run, stages };
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
  const paths = { thread: wholePath(thread, dims), process: wholePath(child, dims) };
  try {
    const timed = await timeInTurn(
      [
        { name: 'bare', perRound: 8, run: () => bare.run(feeds) },
        { name: 'thread', perRound: 8, run: paths.thread.run },
        { name: 'process', perRound: 8, run: paths.process.run },
      ],
      given.budgetMs,
    );
    const alone = timed['bare'] as Figures;
    const against = (name: keyof typeof paths): HostFigures => {
      const figures = timed[name] as Figures;
      const ratioToBare = Math.round((1000 * figures.p50Ms) / alone.p50Ms) / 1000;
      const addedMs = Math.round(1000 * (figures.p50Ms - alone.p50Ms)) / 1000;
      return { ...figures, ratioToBare, addedMs, stages: paths[name].stages() };
    };
    const nodes = Object.values(graph.nodes).reduce((sum, { ids }) => sum + ids.length, 0);
    return { nodes, bare: alone, thread: against('thread'), process: against('process') };
  } finally {
    await Promise.all([bare.release(), thread.close(), child.close()]);
  }
}
