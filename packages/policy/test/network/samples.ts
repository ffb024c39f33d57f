import type { Result } from '@esper/std';
import { SeededRandom } from '@esper/testkit';
import {
  compileGraph,
  DEFAULT_DIMS,
  DEFAULT_GRAPH_LIMITS,
  type HeteroGraph,
  type NetworkDims,
  type NetworkOutputs,
  splitOutputs,
  type TensorMap,
} from '../../src/index.js';
import { type LoadedModel, type NodeCounts, type RandomGraphOptions, randomGraph } from '../../src/testing.js';

/** Narrow, for speed. */
export const SMALL_DIMS: NetworkDims = { ...DEFAULT_DIMS, sageHiddenWidth: 16, gatHiddenWidth: 8 };

/** Every size unlike the default, equal hidden widths (a residual more), odd head width. */
export const ODD_DIMS: NetworkDims = {
  globalInputWidth: 18,
  seedInputWidth: 13,
  blueprintInputWidth: 16,
  layerInputWidth: 15,
  activationInputWidth: 7,
  parameterInputWidth: 11,
  sageHiddenWidth: 9,
  gatHiddenWidth: 9,
  attentionHeadCount: 3,
  policyClassCount: 7,
  blendingClassCount: 4,
  scheduleOutputWidth: 3,
  edgeFeatureWidth: 5,
  riskClassCount: 4,
  paramVectorWidth: 6,
};

/** What a test expects to be there. */
export function must<T, E>(result: Result<T, E>): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
  return result.value;
}

/** Node counts from none to a bit more than the caps of the graph builder (3 layers, 1 activation, 1 parameter; 12/6/8). */
export function randomCounts(random: SeededRandom): NodeCounts {
  const most = random.pick([1, 3, 8, 14]);
  return {
    global: random.chance(0.9) ? 1 : random.int(2, 3),
    seed: random.int(0, most),
    blueprint: random.int(0, most),
    parameter: random.int(0, most),
    layer: random.int(0, most),
    activation: random.int(0, most),
  };
}

/** A graph with everything that may be odd about one: empty types and relations, isolated nodes, duplicates, no attributes. */
export function wildGraph(dims: NetworkDims, seed: number, counts?: NodeCounts): HeteroGraph {
  const random = new SeededRandom(seed);
  const options: RandomGraphOptions = {
    counts: counts ?? randomCounts(random),
    dims,
    emptyChance: random.pick([0, 0.2, 0.6, 1]),
    bareChance: 0.1,
    duplicateChance: random.pick([0, 0.3]),
  };
  return randomGraph(options, random);
}

export const LIMITS = DEFAULT_GRAPH_LIMITS;

export const feedsOf = (graph: HeteroGraph, dims: NetworkDims): TensorMap =>
  must(compileGraph(graph, { dims, limits: LIMITS }));

/** The compiled form's answer. */
export async function askCompiled(model: LoadedModel, graph: HeteroGraph, dims: NetworkDims): Promise<NetworkOutputs> {
  const outputs = await model.run(feedsOf(graph, dims));
  const [seedCount, blueprintCount] = [graph.nodes.seed.ids.length, graph.nodes.blueprint.ids.length];
  return must(splitOutputs(outputs, { dims, seedCount, blueprintCount }));
}
