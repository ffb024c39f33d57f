import type { SeededRandom } from '@esper/testkit';
import {
  type EdgeTable,
  type HeteroGraph,
  type NetworkOutputs,
  type PlainTensor,
  type PolicyWeights,
  RELATION_KEYS,
  type RelationKey,
  type TensorMap,
} from '../../src/index.js';
import { changedWeights } from '../../src/testing.js';

type FloatTensor = Extract<PlainTensor, { type: 'float32' }>;

/** A fault planted at one place on the way of the compiled form; what is not given is left alone. */
export interface FormSabotage {
  readonly what: string;
  readonly weights?: (weights: PolicyWeights) => PolicyWeights;
  readonly graph?: (graph: HeteroGraph, random: SeededRandom) => HeteroGraph;
  readonly feeds?: (feeds: TensorMap) => TensorMap;
  readonly outputs?: (outputs: NetworkOutputs) => NetworkOutputs;
}

const floats = (feeds: TensorMap, name: string): Float32Array => Float32Array.from((feeds[name] as FloatTensor).data);
const replaced = (feeds: TensorMap, name: string, data: Float32Array | BigInt64Array): TensorMap => ({
  ...feeds,
  [name]: { ...feeds[name], data } as PlainTensor,
});

function withoutOneEdge(graph: HeteroGraph, random: SeededRandom): HeteroGraph {
  const linked = RELATION_KEYS.filter((key) => (graph.edges[key]?.source.length ?? 0) > 1);
  if (linked.length === 0) return graph;
  const key: RelationKey = random.pick(linked);
  const edges = graph.edges[key] as EdgeTable;
  const kept = edges.source.length - 1;
  const table: EdgeTable = {
    source: edges.source.slice(0, kept),
    target: edges.target.slice(0, kept),
    attributeWidth: edges.attributeWidth,
    attributes: edges.attributes.slice(0, kept * edges.attributeWidth),
  };
  return { ...graph, edges: { ...graph.edges, [key]: table } };
}

function rolledAttributes(graph: HeteroGraph): HeteroGraph {
  const rolled = Object.entries(graph.edges).map(([key, edges]) => [
    key,
    { ...edges, attributes: edges.attributes.map((_, i) => edges.attributes.at(i - 1) as number) },
  ]);
  return { ...graph, edges: Object.fromEntries(rolled) };
}

function openNullNode(feeds: TensorMap): TensorMap {
  const [, channels = 0, columns = 0] = feeds['gat0_edge']?.dims ?? [];
  const data = floats(feeds, 'gat0_edge');
  for (let at = channels * columns - 1; at < data.length; at += channels * columns) data[at] = 0;
  return replaced(feeds, 'gat0_edge', data);
}

/** Faults that a comparison of the forms must notice. */
export const FORM_SABOTAGES = {
  'edge-dropped': { what: 'one edge never reaches the network', graph: withoutOneEdge },
  'attributes-rolled': { what: 'edge attributes stand one place off', graph: rolledAttributes },
  'null-node-open': { what: 'every bucket also attends to the null node', feeds: openNullNode },
  'mean-not-averaged': {
    what: 'GraphSAGE adds its neighbours up instead of averaging them',
    feeds: (feeds) =>
      replaced(
        feeds,
        'sage_adj',
        floats(feeds, 'sage_adj').map((value) => (value === 0 ? 0 : 1)),
      ),
  },
  'relations-confused': {
    what: 'buckets read the attention vectors of the next relation',
    feeds: (feeds) => {
      const relations = feeds['bucket_rel']?.data as BigInt64Array;
      return replaced(
        feeds,
        'bucket_rel',
        relations.map((relation) => (relation + 1n) % 21n),
      );
    },
  },
  'weight-nudged': {
    what: 'one bias of the first GraphSAGE layer is 0.05 off',
    weights: (weights) =>
      changedWeights(weights, (name, { data }) =>
        name === '_sage_layers.0.convs.<layer___feedback___global>.lin_l.bias'
          ? data.map((value) => value + 0.05)
          : data,
      ),
  },
  'scores-reversed': {
    what: 'seed scores come back in the wrong order',
    outputs: (outputs) => ({ ...outputs, seedScores: outputs.seedScores.toReversed() }),
  },
} as const satisfies Readonly<Record<string, FormSabotage>>;
