import type { EdgeTable, HeteroGraph } from '../../graph/hetero-graph.js';
import { NODE_TYPES, type NodeType, type RelationKey } from '../../graph/schema.js';
import type { PlainTensor, TensorMap } from '../feeds.js';
import { GAT0_TARGETS, GAT1_TARGETS, INCOMING_RELATIONS, incomingCount, RELATION_PLACES } from '../relation-index.js';
import { CellList, type Scattering } from '../scattered-tensor.js';
import { DESTINATION_STRIDE, NO_EDGE_MASK } from './compiled-contract.js';
import { type CellPlan, type EdgeCells, fillRelation } from './relation-cells.js';
import { planRows, type RowPlan } from './row-plan.js';

/** What the three tensors that hold edges stand on. */
interface Bases {
  readonly means: Scattering;
  readonly first: Scattering;
  readonly last: Scattering;
}

/** What was laid out before, for graphs with the same numbers of nodes and the very same tables of some relations. */
export interface LaidRelations {
  readonly plan: CellPlan;
  readonly index: BucketIndex;
  readonly relations: ReadonlySet<RelationKey>;
  readonly bases: Bases;
}

/** Relation and destination of each bucket. */
interface BucketIndex {
  readonly relations: BigInt64Array;
  readonly destinations: BigInt64Array;
}

const ZERO = new Float32Array(1);

type Wanted = (key: RelationKey) => boolean;

/** Room for the cells of the relations `wanted`, and for what every graph has. */
function emptyCells(graph: HeteroGraph, { rows, channels }: CellPlan, wanted: Wanted): EdgeCells {
  let [all, first, last] = [0, 0, 0];
  for (const { key, target } of RELATION_PLACES) {
    if (!wanted(key)) continue;
    const count = (graph.edges[key] as EdgeTable).source.length;
    all += count;
    if (GAT0_TARGETS.includes(target)) first += count;
    if (GAT1_TARGETS.includes(target)) last += count;
  }
  // Per edge its attributes, an open mask, and at most one closed null node.
  return {
    means: new CellList(rows.columns + all),
    first: new CellList(first * (channels + 1)),
    last: new CellList(last * (channels + 1)),
    taken: new Int32Array((rows.columns * rows.columns + 31) >> 5),
    degree: new Int32Array(rows.columns),
  };
}

/** The last row of a node in the means points at itself. */
function fillSelves(list: CellList, { counts, columns, firstRow, firstSageRow }: RowPlan): void {
  for (const type of NODE_TYPES) {
    const stride = incomingCount(type) + 1;
    for (let i = 0; i < counts[type]; i += 1) {
      const row = firstSageRow[type] + i * stride + stride - 1;
      list.put(row * columns + firstRow[type] + i, 1);
    }
  }
}

/** No edges: the mask closes every column but the null node's, which stays open until an edge arrives. */
function emptyBucket(channels: number, columns: number): Float32Array {
  const bucket = new Float32Array(channels * columns);
  return bucket.fill(NO_EDGE_MASK, bucket.length - columns, bucket.length - 1);
}

/** Position of the low half of a 64-bit number among 32-bit ones, on this machine. */
const LOW = new Int32Array(BigInt64Array.of(1n).buffer)[0] === 1 ? 0 : 1;

/** The numbers are small: no BigInt is made of them. */
function bucketIndex(plan: RowPlan): BucketIndex {
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

/** Adds the cells of the relations `wanted`. False when one of them has parallel edges. */
function fillRelations(
  graph: HeteroGraph,
  into: { readonly plan: CellPlan; readonly cells: EdgeCells },
  wanted: Wanted,
): boolean {
  for (const place of RELATION_PLACES) {
    if (wanted(place.key) && !fillRelation(graph.edges[place.key] as EdgeTable, place, into)) return false;
  }
  return true;
}

/** Lays out some relations of a checked graph, and what every graph has. Undefined when one of them has parallel edges. */
export function layRelations(
  graph: HeteroGraph,
  relations: ReadonlySet<RelationKey>,
  edgeFeatureWidth: number,
): LaidRelations | undefined {
  const rows = planRows(graph);
  const plan = { rows, channels: edgeFeatureWidth + 1 };
  const wanted: Wanted = (key) => relations.has(key);
  const cells = emptyCells(graph, plan, wanted);
  fillSelves(cells.means, rows);
  if (!fillRelations(graph, { plan, cells }, wanted)) return undefined;
  const bases = {
    means: { pattern: ZERO, ...cells.means.taken() },
    first: { pattern: emptyBucket(plan.channels, rows.columns), ...cells.first.taken() },
    last: { pattern: emptyBucket(plan.channels, rows.lastColumns), ...cells.last.taken() },
  };
  return { plan, index: bucketIndex(rows), relations, bases };
}

const NO_RELATIONS: ReadonlySet<RelationKey> = new Set();

/**
 * The eleven tensors of a checked graph with all relations. Undefined when it has parallel edges, which a dense cell cannot
 * hold. The feature tensors share memory with the graph; the others share theirs with `laid`, or are fresh. Where few cells
 * are set they are scattered.
 */
export function denseFeeds(graph: HeteroGraph, edgeFeatureWidth: number, laid?: LaidRelations): TensorMap | undefined {
  const from = laid ?? layRelations(graph, NO_RELATIONS, edgeFeatureWidth);
  if (from === undefined) return undefined;
  const { plan, index, relations, bases } = from;
  const { rows, channels } = plan;
  const wanted: Wanted = (key) => !relations.has(key);
  const cells = emptyCells(graph, plan, wanted);
  if (!fillRelations(graph, { plan, cells }, wanted)) return undefined;
  return {
    x_global: featureTensor(graph, 'global'),
    x_seed: featureTensor(graph, 'seed'),
    x_blueprint: featureTensor(graph, 'blueprint'),
    x_parameter: featureTensor(graph, 'parameter'),
    x_layer: featureTensor(graph, 'layer'),
    x_activation: featureTensor(graph, 'activation'),
    sage_adj: cells.means.tensor([rows.sageRows, rows.columns], bases.means),
    gat0_edge: cells.first.tensor([rows.firstBuckets, channels, rows.columns], bases.first),
    gat1_edge: cells.last.tensor([rows.lastBuckets, channels, rows.lastColumns], bases.last),
    bucket_rel: { type: 'int64', dims: [rows.firstBuckets], data: index.relations },
    bucket_dst: { type: 'int64', dims: [rows.firstBuckets], data: index.destinations },
  };
}
