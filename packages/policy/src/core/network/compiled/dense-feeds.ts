import type { EdgeTable, HeteroGraph } from '../../graph/hetero-graph.js';
import { NODE_TYPES, type NodeType } from '../../graph/schema.js';
import type { PlainTensor, TensorMap } from '../feeds.js';
import { GAT0_TARGETS, GAT1_TARGETS, INCOMING_RELATIONS, incomingCount, RELATION_PLACES } from '../relation-index.js';
import { CellList, type ScatteredTensor } from '../scattered-tensor.js';
import { DESTINATION_STRIDE, NO_EDGE_MASK } from './compiled-contract.js';
import { planRows, type RowPlan } from './row-plan.js';

/** Where one relation's edges go: target row t owns row `first + t · stride`, source row s column `column + s`. */
interface Place {
  readonly first: number;
  readonly stride: number;
  readonly column: number;
}

/** The means while they are collected: `taken` has a bit per cell, `degree` a number per node of one type. */
interface Means {
  readonly list: CellList;
  readonly columns: number;
  readonly taken: Int32Array;
  readonly degree: Int32Array;
}

/** 1/in-degree at each source. False when a cell is wanted twice: two edges of the relation join the same nodes. */
function fillMeans({ list, columns, taken, degree }: Means, { source, target }: EdgeTable, place: Place): boolean {
  const { first, stride, column } = place;
  degree.fill(0);
  for (let e = 0; e < target.length; e += 1) {
    const to = target[e] as number;
    degree[to] = (degree[to] as number) + 1;
  }
  for (let e = 0; e < source.length; e += 1) {
    const to = target[e] as number;
    const cell = (first + to * stride) * columns + column + (source[e] as number);
    const word = taken[cell >> 5] as number;
    const bit = 1 << (cell & 31);
    if ((word & bit) !== 0) return false;
    taken[cell >> 5] = word | bit;
    list.put(cell, 1 / (degree[to] as number));
  }
  return true;
}

/** Edges of all relations, or of those that end in the node types `into`. */
function edgeTotal(graph: HeteroGraph, into: readonly NodeType[] = NODE_TYPES): number {
  let total = 0;
  for (const { key, target } of RELATION_PLACES) {
    if (into.includes(target)) total += (graph.edges[key] as EdgeTable).source.length;
  }
  return total;
}

const ZERO = new Float32Array(1);

/** Rows of the means; the last row of a node points at itself. Undefined when the graph has parallel edges. */
function adjacencyOf(graph: HeteroGraph, plan: RowPlan): ScatteredTensor | undefined {
  const { columns, sageRows } = plan;
  const list = new CellList(columns + edgeTotal(graph));
  for (const type of NODE_TYPES) {
    const stride = incomingCount(type) + 1;
    for (let i = 0; i < plan.counts[type]; i += 1) {
      const row = plan.firstSageRow[type] + i * stride + stride - 1;
      list.put(row * columns + plan.firstRow[type] + i, 1);
    }
  }
  const means: Means = {
    list,
    columns,
    taken: new Int32Array((sageRows * columns + 31) >> 5),
    degree: new Int32Array(columns),
  };
  for (const { key, source, target, position, siblings } of RELATION_PLACES) {
    const first = plan.firstSageRow[target] + position;
    const place = { first, stride: siblings + 1, column: plan.firstRow[source] };
    if (!fillMeans(means, graph.edges[key] as EdgeTable, place)) return undefined;
  }
  return list.tensor([sageRows, columns], ZERO);
}

/** One attention layer's buckets, [rows, channels, columns]. */
interface Buckets {
  readonly list: CellList;
  readonly rows: number;
  readonly channels: number;
  readonly columns: number;
}

/** One relation's edges: attributes in the first channels, the mask opened there and closed at the null node. */
function fillEdges({ list, columns, channels }: Buckets, edges: EdgeTable, { first, stride, column }: Place): void {
  const { source, target, attributes, attributeWidth } = edges;
  const bucketSize = channels * columns;
  let closed = -1;
  for (let e = 0; e < source.length; e += 1) {
    const bucket = (first + (target[e] as number) * stride) * bucketSize;
    const cell = bucket + column + (source[e] as number);
    for (let c = 0; c < attributeWidth; c += 1)
      list.put(cell + c * columns, attributes[e * attributeWidth + c] as number);
    list.put(cell + bucketSize - columns, 0);
    if (bucket !== closed) list.put(bucket + bucketSize - 1, NO_EDGE_MASK);
    closed = bucket;
  }
}

/** No edges: the mask closes every column but the null node's, which stays open until an edge arrives. */
function emptyBucket(channels: number, columns: number): Float32Array {
  const bucket = new Float32Array(channels * columns);
  return bucket.fill(NO_EDGE_MASK, bucket.length - columns, bucket.length - 1);
}

function attentionOf(graph: HeteroGraph, plan: RowPlan, channels: number): readonly [ScatteredTensor, ScatteredTensor] {
  // Per edge its attributes, an open mask, and at most one closed null node.
  const listFor = (into: readonly NodeType[]): CellList => new CellList(edgeTotal(graph, into) * (channels + 1));
  const first: Buckets = { list: listFor(GAT0_TARGETS), rows: plan.firstBuckets, channels, columns: plan.columns };
  const last: Buckets = { list: listFor(GAT1_TARGETS), rows: plan.lastBuckets, channels, columns: plan.lastColumns };
  for (const { key, source, target, position, siblings } of RELATION_PLACES) {
    if (target === 'activation') continue;
    const edges = graph.edges[key] as EdgeTable;
    const place = { first: plan.firstBucket[target] + position, stride: siblings, column: plan.firstRow[source] };
    fillEdges(first, edges, place);
    if (plan.firstBucket[target] < plan.lastBuckets) fillEdges(last, edges, place);
  }
  return [bucketTensor(first), bucketTensor(last)];
}

const bucketTensor = ({ list, rows, channels, columns }: Buckets): ScatteredTensor =>
  list.tensor([rows, channels, columns], emptyBucket(channels, columns));

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

function featureTensor(graph: HeteroGraph, type: NodeType): PlainTensor {
  const { ids, width, features } = graph.nodes[type];
  return { type: 'float32', dims: [ids.length, width], data: features };
}

/**
 * The eleven tensors of a checked graph with all relations. Undefined when it has parallel edges, which a dense cell cannot
 * hold. The feature tensors share memory with the graph, the others are fresh and, where few cells are set, scattered.
 */
export function denseFeeds(graph: HeteroGraph, edgeFeatureWidth: number): TensorMap | undefined {
  const plan = planRows(graph);
  const adjacency = adjacencyOf(graph, plan);
  if (adjacency === undefined) return undefined;
  const [first, last] = attentionOf(graph, plan, edgeFeatureWidth + 1);
  const index = fillBucketIndex(plan);
  return {
    x_global: featureTensor(graph, 'global'),
    x_seed: featureTensor(graph, 'seed'),
    x_blueprint: featureTensor(graph, 'blueprint'),
    x_parameter: featureTensor(graph, 'parameter'),
    x_layer: featureTensor(graph, 'layer'),
    x_activation: featureTensor(graph, 'activation'),
    sage_adj: adjacency,
    gat0_edge: first,
    gat1_edge: last,
    bucket_rel: { type: 'int64', dims: [plan.firstBuckets], data: index.relations },
    bucket_dst: { type: 'int64', dims: [plan.firstBuckets], data: index.destinations },
  };
}
