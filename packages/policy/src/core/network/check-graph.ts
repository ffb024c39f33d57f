import type { EdgeTable, HeteroGraph } from '../graph/hetero-graph.js';
import { NODE_TYPES, type NodeType, RELATION_KEYS, RELATIONS, type RelationKey } from '../graph/schema.js';
import type { NetworkDims } from './dims.js';
import type { GraphLimits } from './graph-limits.js';
import { firstParallelEdge } from './parallel-edges.js';
import { inputWidths } from './weight-names.js';

/** Why a graph is not asked about. */
export type GraphRefusal =
  | { readonly code: 'relation_missing'; readonly relation: RelationKey }
  | {
      readonly code: 'edge_duplicate';
      readonly relation: RelationKey;
      readonly source: number;
      readonly target: number;
    }
  | { readonly code: 'edge_out_of_range'; readonly relation: RelationKey; readonly edge: number }
  | { readonly code: 'edge_table_invalid'; readonly relation: RelationKey; readonly reason: string }
  | { readonly code: 'node_table_invalid'; readonly nodeType: NodeType; readonly reason: string }
  | { readonly code: 'global_node_missing' }
  | { readonly code: 'graph_too_large'; readonly what: string; readonly actual: number; readonly max: number }
  | { readonly code: 'nonfinite_input'; readonly tensor: string; readonly row: number; readonly column: number }
  | {
      readonly code: 'magnitude_out_of_range';
      readonly tensor: string;
      readonly row: number;
      readonly column: number;
      readonly max: number;
    };

/** What a graph is held against. */
export interface GraphContract {
  readonly dims: NetworkDims;
  readonly limits: GraphLimits;
}

/** The first number that is not finite or too large, named by its place. */
function checkNumbers(
  values: Float32Array,
  width: number,
  given: { readonly tensor: string; readonly max: number },
): GraphRefusal | undefined {
  for (let i = 0; i < values.length; i += 1) {
    const size = Math.abs(values[i] as number);
    if (size <= given.max) continue;
    const place = { tensor: given.tensor, row: Math.floor(i / width), column: i % width };
    return Number.isFinite(size)
      ? { code: 'magnitude_out_of_range', ...place, max: given.max }
      : { code: 'nonfinite_input', ...place };
  }
  return undefined;
}

function checkNodes(graph: HeteroGraph, type: NodeType, width: number): GraphRefusal | undefined {
  const table = graph.nodes[type];
  const invalid = (reason: string): GraphRefusal => ({ code: 'node_table_invalid', nodeType: type, reason });
  if (table.width !== width) return invalid(`width ${table.width}, the network reads ${width}`);
  if (table.features.length !== table.ids.length * width) {
    return invalid(`${table.features.length} features for ${table.ids.length} rows of ${width}`);
  }
  return undefined;
}

function checkEdgeShape(edges: EdgeTable, edgeWidth: number): string | undefined {
  const count = edges.source.length;
  if (edges.target.length !== count) return `${count} sources and ${edges.target.length} targets`;
  if (edges.attributeWidth !== edgeWidth && edges.attributeWidth !== 0) {
    return `attribute width ${edges.attributeWidth}, the network reads ${edgeWidth}`;
  }
  const expected = count * edges.attributeWidth;
  return edges.attributes.length === expected
    ? undefined
    : `${edges.attributes.length} attributes, expected ${expected}`;
}

function checkEnds(edges: EdgeTable, sourceCount: number, targetCount: number): number {
  for (let e = 0; e < edges.source.length; e += 1) {
    const from = edges.source[e] as number;
    const to = edges.target[e] as number;
    if (from < 0 || from >= sourceCount || to < 0 || to >= targetCount) return e;
  }
  return -1;
}

function checkRelation(graph: HeteroGraph, r: number, { dims, limits }: GraphContract): GraphRefusal | undefined {
  const relation = RELATION_KEYS[r] as RelationKey;
  const ends = RELATIONS[r] as (typeof RELATIONS)[number];
  const edges = graph.edges[relation];
  if (edges === undefined) return undefined;
  const reason = checkEdgeShape(edges, dims.edgeFeatureWidth);
  if (reason !== undefined) return { code: 'edge_table_invalid', relation, reason };
  const sourceCount = graph.nodes[ends.source].ids.length;
  const targetCount = graph.nodes[ends.target].ids.length;
  const outside = checkEnds(edges, sourceCount, targetCount);
  if (outside !== -1) return { code: 'edge_out_of_range', relation, edge: outside };
  const twice = limits.duplicateEdges === 'refuse' ? firstParallelEdge(edges, sourceCount, targetCount) : -1;
  if (twice !== -1) {
    const [source, target] = [edges.source[twice] as number, edges.target[twice] as number];
    return { code: 'edge_duplicate', relation, source, target };
  }
  return undefined;
}

function checkSizes(graph: HeteroGraph, limits: GraphLimits): GraphRefusal | undefined {
  const nodes = NODE_TYPES.reduce((sum, type) => sum + graph.nodes[type].ids.length, 0);
  if (nodes > limits.nodeCountMax) {
    return { code: 'graph_too_large', what: 'nodes', actual: nodes, max: limits.nodeCountMax };
  }
  const edges = RELATION_KEYS.reduce((sum, key) => sum + (graph.edges[key]?.source.length ?? 0), 0);
  if (edges > limits.edgeCountMax) {
    return { code: 'graph_too_large', what: 'edges', actual: edges, max: limits.edgeCountMax };
  }
  return graph.nodes.global.ids.length === 0 ? { code: 'global_node_missing' } : undefined;
}

/**
 * Sizes, widths and row numbers of a graph; the first thing wrong is named, `undefined` when nothing is. Missing relations
 * are let through: that is a question of the form that is asked. So are those in `known`, which were checked before.
 */
export function checkGraphShape(
  graph: HeteroGraph,
  contract: GraphContract,
  known: ReadonlySet<RelationKey> = NONE_KNOWN,
): GraphRefusal | undefined {
  const size = checkSizes(graph, contract.limits);
  if (size !== undefined) return size;
  const widths = inputWidths(contract.dims);
  for (const type of NODE_TYPES) {
    const refusal = checkNodes(graph, type, widths[type]);
    if (refusal !== undefined) return refusal;
  }
  for (let r = 0; r < RELATIONS.length; r += 1) {
    if (known.has(RELATION_KEYS[r] as RelationKey)) continue;
    const refusal = checkRelation(graph, r, contract);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

const NONE_KNOWN: ReadonlySet<RelationKey> = new Set();

/** Every feature and every attribute finite and at most `magnitudeMax`; the first that is not is named. */
export function checkGraphNumbers(
  graph: HeteroGraph,
  limits: GraphLimits,
  known: ReadonlySet<RelationKey> = NONE_KNOWN,
): GraphRefusal | undefined {
  const max = limits.magnitudeMax;
  for (const type of NODE_TYPES) {
    const { features, width } = graph.nodes[type];
    const refusal = checkNumbers(features, width, { tensor: `x_${type}`, max });
    if (refusal !== undefined) return refusal;
  }
  for (const key of RELATION_KEYS) {
    const edges = graph.edges[key];
    if (edges === undefined || known.has(key)) continue;
    const refusal = checkNumbers(edges.attributes, edges.attributeWidth, { tensor: `edge_attr_${key}`, max });
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
