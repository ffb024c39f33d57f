import type { EdgeTable, HeteroGraph } from '../../graph/hetero-graph.js';
import { NODE_TYPES, type NodeType } from '../../graph/schema.js';
import type { PlainTensor, TensorMap } from '../feeds.js';
import { GAT0_TARGETS, INCOMING_RELATIONS, incomingCount, RELATION_PLACES } from '../relation-index.js';
import { DESTINATION_STRIDE, NO_EDGE_MASK } from './compiled-contract.js';
import { planRows, type RowPlan } from './row-plan.js';

/** [rows, channels, columns] of float32, channels 1 for the adjacency. */
interface Dense {
  readonly rows: number;
  readonly channels: number;
  readonly columns: number;
  readonly data: Float32Array;
}

const dense = (rows: number, channels: number, columns: number): Dense => ({
  rows,
  channels,
  columns,
  data: new Float32Array(rows * channels * columns),
});

/** Where one relation's edges go: target row t owns row `first + t · stride`, source row s column `column + s`. */
interface Place {
  readonly first: number;
  readonly stride: number;
  readonly column: number;
}

/** 1/in-degree at each source. False when a cell is wanted twice: two edges of the relation join the same nodes. */
function fillMeans(
  into: Dense,
  { source, target }: EdgeTable,
  given: Place & { readonly degree: Int32Array },
): boolean {
  const { first, stride, column, degree } = given;
  const { columns, data } = into;
  degree.fill(0);
  for (let e = 0; e < target.length; e += 1) {
    const to = target[e] as number;
    degree[to] = (degree[to] as number) + 1;
  }
  for (let e = 0; e < source.length; e += 1) {
    const to = target[e] as number;
    const cell = (first + to * stride) * columns + column + (source[e] as number);
    if (data[cell] !== 0) return false;
    data[cell] = 1 / (degree[to] as number);
  }
  return true;
}

/** Rows of the means; the last row of a node points at itself. Undefined when the graph has parallel edges. */
function fillAdjacency(graph: HeteroGraph, plan: RowPlan): Dense | undefined {
  const adjacency = dense(plan.sageRows, 1, plan.columns);
  for (const type of NODE_TYPES) {
    const stride = incomingCount(type) + 1;
    for (let i = 0; i < plan.counts[type]; i += 1) {
      const row = plan.firstSageRow[type] + i * stride + stride - 1;
      adjacency.data[row * plan.columns + plan.firstRow[type] + i] = 1;
    }
  }
  const degree = new Int32Array(plan.columns);
  for (const { key, source, target, position, siblings } of RELATION_PLACES) {
    const first = plan.firstSageRow[target] + position;
    const place = { first, stride: siblings + 1, column: plan.firstRow[source], degree };
    if (!fillMeans(adjacency, graph.edges[key] as EdgeTable, place)) return undefined;
  }
  return adjacency;
}

/** Writes one relation's edges: attributes in the first channels, the mask opened there and closed at the null node. */
function fillEdges(into: Dense, edges: EdgeTable, { first, stride, column }: Place): void {
  const { columns, channels, data } = into;
  const { source, target, attributes, attributeWidth } = edges;
  const bucketSize = channels * columns;
  for (let e = 0; e < source.length; e += 1) {
    const bucket = (first + (target[e] as number) * stride) * bucketSize;
    const cell = bucket + column + (source[e] as number);
    for (let c = 0; c < attributeWidth; c += 1) data[cell + c * columns] = attributes[e * attributeWidth + c] as number;
    data[cell + bucketSize - columns] = 0;
    data[bucket + bucketSize - 1] = NO_EDGE_MASK;
  }
}

/** No edges anywhere: the mask closes every column but the null node's, which stays open until an edge arrives. */
function closedBuckets(rows: number, channels: number, columns: number): Dense {
  const buckets = dense(rows, channels, columns);
  const { data } = buckets;
  const bucketSize = channels * columns;
  data.fill(NO_EDGE_MASK, bucketSize - columns, Math.min(data.length, bucketSize - 1));
  // The first bucket, doubled until all are filled.
  for (let done = bucketSize; done < data.length; done *= 2) data.copyWithin(done, 0, done);
  return buckets;
}

function fillAttention(graph: HeteroGraph, plan: RowPlan, channels: number): { first: Dense; last: Dense } {
  const first = closedBuckets(plan.firstBuckets, channels, plan.columns);
  const last = closedBuckets(plan.lastBuckets, channels, plan.lastColumns);
  for (const { key, source, target, position, siblings } of RELATION_PLACES) {
    if (target === 'activation') continue;
    const edges = graph.edges[key] as EdgeTable;
    const place = { first: plan.firstBucket[target] + position, stride: siblings, column: plan.firstRow[source] };
    fillEdges(first, edges, place);
    if (plan.firstBucket[target] < plan.lastBuckets) fillEdges(last, edges, place);
  }
  return { first, last };
}

/** Position of the low half of a 64-bit number among 32-bit ones, on this machine. */
const LOW = new Int32Array(BigInt64Array.of(1n).buffer)[0] === 1 ? 0 : 1;

/** Relation and destination of each bucket. The numbers are small: no BigInt is made of them. */
function fillBucketIndex(plan: RowPlan): { readonly relations: BigInt64Array; readonly destinations: BigInt64Array } {
  const relations = new BigInt64Array(plan.firstBuckets);
  const destinations = new BigInt64Array(plan.firstBuckets);
  const relationHalves = new Int32Array(relations.buffer);
  const destinationHalves = new Int32Array(destinations.buffer);
  let at = LOW;
  for (const type of GAT0_TARGETS) {
    const incoming = INCOMING_RELATIONS[type];
    for (let i = 0; i < plan.counts[type]; i += 1) {
      const row = (plan.firstRow[type] + i) * DESTINATION_STRIDE;
      for (let k = 0; k < incoming.length; k += 1) {
        relationHalves[at] = incoming[k] as number;
        destinationHalves[at] = row + (incoming[k] as number);
        at += 2;
      }
    }
  }
  return { relations, destinations };
}

const edgeTensor = ({ rows, channels, columns, data }: Dense): PlainTensor => ({
  type: 'float32',
  dims: [rows, channels, columns],
  data,
});

function featureTensor(graph: HeteroGraph, type: NodeType): PlainTensor {
  const { ids, width, features } = graph.nodes[type];
  return { type: 'float32', dims: [ids.length, width], data: features };
}

/**
 * The eleven tensors of a checked graph with all relations. Undefined when it has parallel edges, which a dense cell cannot
 * hold. The feature tensors share memory with the graph, the others are fresh.
 */
export function denseFeeds(graph: HeteroGraph, edgeFeatureWidth: number): TensorMap | undefined {
  const plan = planRows(graph);
  const adjacency = fillAdjacency(graph, plan);
  if (adjacency === undefined) return undefined;
  const attention = fillAttention(graph, plan, edgeFeatureWidth + 1);
  const index = fillBucketIndex(plan);
  return {
    x_global: featureTensor(graph, 'global'),
    x_seed: featureTensor(graph, 'seed'),
    x_blueprint: featureTensor(graph, 'blueprint'),
    x_parameter: featureTensor(graph, 'parameter'),
    x_layer: featureTensor(graph, 'layer'),
    x_activation: featureTensor(graph, 'activation'),
    sage_adj: { type: 'float32', dims: [adjacency.rows, adjacency.columns], data: adjacency.data },
    gat0_edge: edgeTensor(attention.first),
    gat1_edge: edgeTensor(attention.last),
    bucket_rel: { type: 'int64', dims: [plan.firstBuckets], data: index.relations },
    bucket_dst: { type: 'int64', dims: [plan.firstBuckets], data: index.destinations },
  };
}
