import { err, ok, type Result } from '@esper/std';
import type { EdgeTable, HeteroGraph, NodeTable } from '../../core/graph/hetero-graph.js';
import { NODE_TYPES, type NodeType, RELATION_KEYS, RELATIONS, type RelationKey } from '../../core/graph/schema.js';
import type { NetworkDims } from '../../core/network/dims.js';
import { inputWidths } from '../../core/network/weight-names.js';

/** A recorded tensor: non-finite numbers are text (`"NaN"`, `"Infinity"`, `"-Infinity"`). */
export interface RecordedTensor {
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

interface RecordedEdges {
  readonly index: readonly [readonly number[], readonly number[]];
  readonly attr?: RecordedTensor;
}

/** One line of a `gnn-cases` file: a graph, and what PyTorch + PyG made of it. */
export interface GnnCase {
  readonly id: number;
  readonly tag: string;
  readonly in: {
    readonly x: Readonly<Record<string, RecordedTensor>>;
    readonly edges: Readonly<Record<string, RecordedEdges>>;
  };
  readonly out?: Readonly<Record<string, RecordedTensor>>;
  readonly raises?: { readonly type: string; readonly message: string };
}

/** The fields of a recorded configuration that size the network. */
export type RecordedConfig = Readonly<Record<string, number>>;

const floats = (tensor: RecordedTensor): Float32Array => Float32Array.from(tensor.data, Number);

/** Sizes of the network from a recorded configuration. */
export function dimsOfConfig(config: RecordedConfig): NetworkDims {
  const size = (name: string): number => config[name] ?? Number.NaN;
  return {
    globalInputWidth: size('global_input_dim'),
    seedInputWidth: size('seed_input_dim'),
    blueprintInputWidth: size('blueprint_input_dim'),
    layerInputWidth: size('layer_input_dim'),
    activationInputWidth: size('activation_input_dim'),
    parameterInputWidth: size('parameter_input_dim'),
    sageHiddenWidth: size('sage_hidden_dim'),
    gatHiddenWidth: size('gat_hidden_dim'),
    attentionHeadCount: size('attention_heads'),
    policyClassCount: size('policy_classes'),
    blendingClassCount: size('blending_classes'),
    scheduleOutputWidth: size('schedule_output_dim'),
    edgeFeatureWidth: size('edge_feature_dim'),
    riskClassCount: size('risk_classes'),
    paramVectorWidth: size('param_vector_dim'),
  };
}

function nodeTable(type: NodeType, tensor: RecordedTensor | undefined, dims: NetworkDims): NodeTable {
  const count = tensor?.shape[0] ?? 0;
  const ids = Array.from({ length: count }, (_, i) => `${type}-${i}`);
  return {
    ids,
    width: tensor?.shape[1] ?? inputWidths(dims)[type],
    features: tensor ? floats(tensor) : new Float32Array(),
  };
}

function edgeTable(edges: RecordedEdges): Result<EdgeTable, string> {
  const [source, target] = edges.index;
  const tables = { source: Int32Array.from(source), target: Int32Array.from(target) };
  if (edges.attr === undefined) return ok({ ...tables, attributeWidth: 0, attributes: new Float32Array() });
  const [rows = 0, attributeWidth = 0] = edges.attr.shape;
  const given = floats(edges.attr);
  if (rows === source.length) return ok({ ...tables, attributeWidth, attributes: given });
  // PyTorch stretches a single row over all edges, and nothing else.
  if (rows !== 1) return err(`${rows} attribute rows for ${source.length} edges`);
  const attributes = Float32Array.from({ length: source.length * attributeWidth }, (_, i) =>
    Number(given[i % attributeWidth]),
  );
  return ok({ ...tables, attributeWidth, attributes });
}

/** The graph of a case; an error sentence when it is none: a relation names a type without features. */
export function graphOfCase(line: GnnCase, dims: NetworkDims): Result<HeteroGraph, string> {
  const edges: Partial<Record<RelationKey, EdgeTable>> = {};
  for (const [i, key] of RELATION_KEYS.entries()) {
    const recorded = line.in.edges[key];
    if (recorded === undefined) continue;
    const ends = [RELATIONS[i]?.source, RELATIONS[i]?.target] as NodeType[];
    const bare = ends.find((type) => line.in.x[type] === undefined);
    if (bare !== undefined) return err(`${key} needs ${bare}, which has no features`);
    const table = edgeTable(recorded);
    if (!table.ok) return table;
    edges[key] = table.value;
  }
  const nodes = Object.fromEntries(
    NODE_TYPES.map((type) => [type, nodeTable(type, line.in.x[type], dims)]),
  ) as unknown as HeteroGraph['nodes'];
  return ok({ nodes, edges });
}
