import { err, ok, type Result } from '@esper/std';
import type { EdgeTable, HeteroGraph } from '../../graph/hetero-graph.js';
import { NODE_TYPES, RELATION_KEYS, RELATIONS, type RelationKey } from '../../graph/schema.js';
import { checkGraphNumbers, checkGraphShape, type GraphContract, type GraphRefusal } from '../check-graph.js';
import type { PlainTensor, TensorMap } from '../feeds.js';
import { GAT0_TARGETS, INCOMING_RELATIONS, incomingCount } from '../relation-index.js';
import { DESTINATION_STRIDE, NO_EDGE_MASK } from './compiled-contract.js';
import { expandParallelEdges } from './expand-parallel-edges.js';
import { incomingPosition, planRows, type RowPlan } from './row-plan.js';

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

/** Rows of the means: 1/in-degree at each source; the last row of a node points at itself. */
function fillAdjacency(graph: HeteroGraph, plan: RowPlan): Dense {
  const adjacency = dense(plan.sageRows, 1, plan.columns);
  for (const type of NODE_TYPES) {
    const stride = incomingCount(type) + 1;
    for (let i = 0; i < plan.counts[type]; i += 1) {
      const row = plan.firstSageRow[type] + i * stride + stride - 1;
      adjacency.data[row * plan.columns + plan.firstRow[type] + i] = 1;
    }
  }
  const degree = new Int32Array(plan.columns);
  for (const [r, { source, target }] of RELATIONS.entries()) {
    const edges = graph.edges[RELATION_KEYS[r] as RelationKey] as EdgeTable;
    const stride = incomingCount(target) + 1;
    const first = plan.firstSageRow[target] + incomingPosition(target, r);
    degree.fill(0);
    for (let e = 0; e < edges.target.length; e += 1) {
      const to = edges.target[e] as number;
      degree[to] = (degree[to] as number) + 1;
    }
    for (let e = 0; e < edges.source.length; e += 1) {
      const to = edges.target[e] as number;
      const cell = (first + to * stride) * plan.columns + plan.firstRow[source] + (edges.source[e] as number);
      adjacency.data[cell] = 1 / (degree[to] as number);
    }
  }
  return adjacency;
}

/** Where one relation's edges go: target row t owns bucket `first + t · stride`, source row s column `column + s`. */
interface Place {
  readonly first: number;
  readonly stride: number;
  readonly column: number;
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
  for (const [r, { source, target }] of RELATIONS.entries()) {
    if (target === 'activation') continue;
    const edges = graph.edges[RELATION_KEYS[r] as RelationKey] as EdgeTable;
    const place = {
      first: plan.firstBucket[target] + incomingPosition(target, r),
      stride: incomingCount(target),
      column: plan.firstRow[source],
    };
    fillEdges(first, edges, place);
    if (plan.firstBucket[target] < plan.lastBuckets) fillEdges(last, edges, place);
  }
  return { first, last };
}

/** Position of the low half of a 64-bit number among 32-bit ones, on this machine. */
const LOW = new Int32Array(BigInt64Array.of(1n).buffer)[0] === 1 ? 0 : 1;

/** Writes small non-negative numbers into 64-bit cells without making a BigInt of each. */
function smallLongs(length: number): { readonly longs: BigInt64Array; set(at: number, value: number): void } {
  const longs = new BigInt64Array(length);
  const halves = new Int32Array(longs.buffer);
  return {
    longs,
    set: (at, value) => {
      halves[2 * at + LOW] = value;
    },
  };
}

function fillBucketIndex(plan: RowPlan): { readonly relations: BigInt64Array; readonly destinations: BigInt64Array } {
  const relations = smallLongs(plan.firstBuckets);
  const destinations = smallLongs(plan.firstBuckets);
  let bucket = 0;
  for (const type of GAT0_TARGETS) {
    const incoming = INCOMING_RELATIONS[type];
    for (let i = 0; i < plan.counts[type]; i += 1) {
      for (let k = 0; k < incoming.length; k += 1) {
        const r = incoming[k] as number;
        relations.set(bucket, r);
        destinations.set(bucket, (plan.firstRow[type] + i) * DESTINATION_STRIDE + r);
        bucket += 1;
      }
    }
  }
  return { relations: relations.longs, destinations: destinations.longs };
}

const edgeTensor = ({ rows, channels, columns, data }: Dense): PlainTensor => ({
  type: 'float32',
  dims: [rows, channels, columns],
  data,
});

function buildFeeds(graph: HeteroGraph, edgeFeatureWidth: number): TensorMap {
  const plan = planRows(graph);
  const adjacency = fillAdjacency(graph, plan);
  const attention = fillAttention(graph, plan, edgeFeatureWidth + 1);
  const index = fillBucketIndex(plan);
  const features = NODE_TYPES.map((type): [string, PlainTensor] => {
    const { ids, width, features: data } = graph.nodes[type];
    return [`x_${type}`, { type: 'float32', dims: [ids.length, width], data }];
  });
  return {
    ...Object.fromEntries(features),
    sage_adj: { type: 'float32', dims: [adjacency.rows, adjacency.columns], data: adjacency.data },
    gat0_edge: edgeTensor(attention.first),
    gat1_edge: edgeTensor(attention.last),
    bucket_rel: { type: 'int64', dims: [plan.firstBuckets], data: index.relations },
    bucket_dst: { type: 'int64', dims: [plan.firstBuckets], data: index.destinations },
  };
}

/**
 * The inputs of the compiled form for one graph. All 21 relations must be present; the first thing wrong is named. The
 * feature tensors share memory with the graph, the others are fresh.
 */
export function compileGraph(graph: HeteroGraph, contract: GraphContract): Result<TensorMap, GraphRefusal> {
  const missing = RELATION_KEYS.find((key) => graph.edges[key] === undefined);
  if (missing !== undefined) return err({ code: 'relation_missing', relation: missing });
  const refusal = checkGraphShape(graph, contract) ?? checkGraphNumbers(graph, contract.limits);
  if (refusal !== undefined) return err(refusal);
  const simple = expandParallelEdges(graph);
  const count = NODE_TYPES.reduce((sum, type) => sum + simple.nodes[type].ids.length, 0);
  const max = contract.limits.expandedNodeCountMax;
  if (count > max) return err({ code: 'graph_too_large', what: 'nodes with copies', actual: count, max });
  return ok(buildFeeds(simple, contract.dims.edgeFeatureWidth));
}
