import {
  compileGraph,
  compileOpByOp,
  compileWeights,
  DEFAULT_GRAPH_LIMITS,
  type HeteroGraph,
  type NetworkDims,
  opByOpFeeds,
  type PolicyWeights,
  RELATION_KEYS,
  type TensorMap,
} from '@esper/policy';
import { builderLikeGraph, type NodeCounts, sampleWeights } from '@esper/policy/testing';
import type { Result } from '@esper/std';
import { SeededRandom } from '@esper/testkit';
import * as ort from 'onnxruntime-node';
import { type Figures, timeInTurn } from './figures.ts';

/** One intra-op thread that does not spin: what the hosts use. */
const SESSION_OPTIONS: ort.InferenceSession.SessionOptions = {
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 4,
  extra: { session: { intra_op: { allow_spinning: '0' } } },
};

/** A value, or an error that says what was refused. */
export function must<T, E>(result: Result<T, E>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  return result.value;
}

type Feeds = Record<string, ort.Tensor>;

/** Tensors as the runtime takes them, made once. */
export const toFeeds = (tensors: TensorMap): Feeds =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { type, data, dims }]) => [
      name,
      new ort.Tensor(type, data, dims) as ort.Tensor,
    ]),
  );

/** A session in this thread, with nothing around it. */
export interface BareSession {
  readonly bytes: number;
  readonly createMs: number;
  run(feeds: Feeds): Promise<ort.InferenceSession.OnnxValueMapType>;
  release(): Promise<void>;
}

export async function openBare(model: Uint8Array): Promise<BareSession> {
  const startedAt = performance.now();
  const session = await ort.InferenceSession.create(model, SESSION_OPTIONS);
  return {
    bytes: model.byteLength,
    createMs: Math.round(performance.now() - startedAt),
    run: (feeds) => session.run(feeds),
    release: () => session.release(),
  };
}

/** One form on one graph. */
export interface FormFigures extends Figures {
  readonly bytes: number;
  readonly createMs: number;
}

/** The three forms on one graph. */
export interface GraphFigures {
  readonly nodes: number;
  readonly edges: number;
  readonly opByOp: FormFigures;
  readonly compiled: FormFigures & { readonly speedup: number };
  readonly int8: FormFigures & { readonly speedup: number };
}

const edgeCount = (graph: HeteroGraph): number =>
  RELATION_KEYS.reduce((sum, key) => sum + (graph.edges[key]?.source.length ?? 0), 0);

type Sessions = Readonly<Record<'opByOp' | 'compiled' | 'int8', BareSession>>;

async function openForms(weights: PolicyWeights): Promise<Sessions> {
  return {
    opByOp: await openBare(must(compileOpByOp(weights))),
    compiled: await openBare(compileWeights(weights)),
    int8: await openBare(compileWeights(weights, { format: 'int8' })),
  };
}

async function timeGraph(
  sessions: Sessions,
  graph: HeteroGraph,
  given: { dims: NetworkDims; budgetMs: number },
): Promise<GraphFigures> {
  const contract = { dims: given.dims, limits: DEFAULT_GRAPH_LIMITS };
  const compact = toFeeds(must(compileGraph(graph, contract)));
  const literal = toFeeds(must(opByOpFeeds(graph, contract)));
  const figures = await timeInTurn(
    [
      { name: 'opByOp', perRound: 3, run: () => sessions.opByOp.run(literal) },
      { name: 'compiled', perRound: 6, run: () => sessions.compiled.run(compact) },
      { name: 'int8', perRound: 6, run: () => sessions.int8.run(compact) },
    ],
    given.budgetMs,
  );
  const of = (name: keyof Sessions): FormFigures => ({
    ...(figures[name] as Figures),
    bytes: sessions[name].bytes,
    createMs: sessions[name].createMs,
  });
  const opByOp = of('opByOp');
  const against = (form: FormFigures) => ({ ...form, speedup: Math.round((10 * opByOp.p50Ms) / form.p50Ms) / 10 });
  const nodes = Object.values(graph.nodes).reduce((sum, { ids }) => sum + ids.length, 0);
  return { nodes, edges: edgeCount(graph), opByOp, compiled: against(of('compiled')), int8: against(of('int8')) };
}

/** All three forms of one network on several graphs, in this thread. */
export async function timeForms<Name extends string>(
  dims: NetworkDims,
  graphs: Readonly<Record<Name, NodeCounts>>,
  given: { readonly seed: number; readonly budgetMs: number },
): Promise<Record<Name, GraphFigures>> {
  const random = new SeededRandom(given.seed);
  const sessions = await openForms(sampleWeights(dims, random));
  const names = Object.keys(graphs) as Name[];
  const figures: Partial<Record<Name, GraphFigures>> = {};
  for (const name of names) {
    const graph = builderLikeGraph(graphs[name], dims, random);
    figures[name] = await timeGraph(sessions, graph, { dims, budgetMs: given.budgetMs / names.length });
  }
  await Promise.all(Object.values(sessions).map((session) => session.release()));
  return figures as Record<Name, GraphFigures>;
}
