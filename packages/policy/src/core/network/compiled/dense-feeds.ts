import type { EdgeTable, HeteroGraph } from '../../graph/hetero-graph.js';
import { NODE_TYPES, type NodeType, type RelationKey } from '../../graph/schema.js';
import type { PlainTensor, TensorMap } from '../feeds.js';
import {
  GAT0_TARGETS,
  GAT1_TARGETS,
  INCOMING_RELATIONS,
  incomingCount,
  RELATION_PLACES,
  type RelationPlace,
} from '../relation-index.js';
import { CellList, type Cells, NO_CELLS, ScatteredTensor } from '../scattered-tensor.js';
import { DESTINATION_STRIDE, NO_EDGE_MASK } from './compiled-contract.js';
import { type CellPlan, type EdgeCells, fillRelation } from './relation-cells.js';
import { planRows, type RowPlan } from './row-plan.js';

/** Cells that were laid out before, for graphs with the same numbers of nodes and the very same tables. */
export interface LaidCells {
  readonly plan: CellPlan;
  readonly index: BucketIndex;
  readonly blanks: Blanks;
  /** The relations they are of. */
  readonly relations: ReadonlySet<RelationKey>;
  readonly means: Cells;
  readonly first: Cells;
  readonly last: Cells;
}

/** Relation and destination of each bucket. */
interface BucketIndex {
  readonly relations: BigInt64Array;
  readonly destinations: BigInt64Array;
}

/** A bucket without edges, in `gat0_edge` and in `gat1_edge`. */
interface Blanks {
  readonly first: Float32Array;
  readonly last: Float32Array;
}

const ZERO = new Float32Array(1);

type Wanted = (key: RelationKey) => boolean;

/** Room for the cells of the relations that `wanted` names. */
function emptyCells(graph: HeteroGraph, { rows, channels }: CellPlan, wanted: Wanted): EdgeCells {
  const edges = { all: 0, first: 0, last: 0 };
  for (let at = 0; at < RELATION_PLACES.length; at += 1) {
    const { key, target } = RELATION_PLACES[at] as RelationPlace;
    if (!wanted(key)) continue;
    const { length } = (graph.edges[key] as EdgeTable).source;
    edges.all += length;
    if (GAT0_TARGETS.includes(target)) edges.first += length;
    if (GAT1_TARGETS.includes(target)) edges.last += length;
  }
  // Per edge its attributes, an open mask, and at most one closed null node.
  const perEdge = channels + 1;
  return {
    means: new CellList(rows.columns + edges.all),
    first: new CellList(edges.first * perEdge),
    last: new CellList(edges.last * perEdge),
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

/** Where the work begins: nothing laid out yet. */
function planCells(
  graph: HeteroGraph,
  edgeFeatureWidth: number,
): Pick<LaidCells, 'plan' | 'index' | 'blanks' | 'relations'> {
  const rows = planRows(graph);
  const channels = edgeFeatureWidth + 1;
  const blanks = { first: emptyBucket(channels, rows.columns), last: emptyBucket(channels, rows.lastColumns) };
  return { plan: { rows, channels }, index: bucketIndex(rows), blanks, relations: NO_RELATIONS };
}

const NO_RELATIONS: ReadonlySet<RelationKey> = new Set();

/** Adds the cells of the relations that `wanted` names. False when one of them has parallel edges. */
function fillRelations(
  graph: HeteroGraph,
  into: { readonly plan: CellPlan; readonly cells: EdgeCells },
  wanted: Wanted,
): boolean {
  for (let at = 0; at < RELATION_PLACES.length; at += 1) {
    const place = RELATION_PLACES[at] as RelationPlace;
    if (wanted(place.key) && !fillRelation(graph.edges[place.key] as EdgeTable, place, into)) return false;
  }
  return true;
}

/** Lays out some relations of a checked graph. Undefined when one of them has parallel edges. */
export function layCells(
  graph: HeteroGraph,
  relations: ReadonlySet<RelationKey>,
  edgeFeatureWidth: number,
): LaidCells | undefined {
  const { plan, index, blanks } = planCells(graph, edgeFeatureWidth);
  const wanted: Wanted = (key) => relations.has(key);
  const cells = emptyCells(graph, plan, wanted);
  fillSelves(cells.means, plan.rows);
  if (!fillRelations(graph, { plan, cells }, wanted)) return undefined;
  const [means, first, last] = [cells.means.part(), cells.first.part(), cells.last.part()];
  return { plan, index, blanks, relations, means, first, last };
}

/**
 * The eleven tensors of a checked graph with all relations. Undefined when it has parallel edges, which a dense cell cannot
 * hold. The feature tensors share memory with the graph, and with `laid` the bucket numbers, the empty buckets and the cells
 * that are there; the rest is fresh and, where few cells are set, scattered.
 */
export function denseFeeds(graph: HeteroGraph, edgeFeatureWidth: number, laid?: LaidCells): TensorMap | undefined {
  const { plan, index, blanks, relations } = laid ?? planCells(graph, edgeFeatureWidth);
  const { rows, channels } = plan;
  const wanted: Wanted = (key) => !relations.has(key);
  const cells = emptyCells(graph, plan, wanted);
  if (laid === undefined) fillSelves(cells.means, rows);
  if (!fillRelations(graph, { plan, cells }, wanted)) return undefined;
  return {
    x_global: featureTensor(graph, 'global'),
    x_seed: featureTensor(graph, 'seed'),
    x_blueprint: featureTensor(graph, 'blueprint'),
    x_parameter: featureTensor(graph, 'parameter'),
    x_layer: featureTensor(graph, 'layer'),
    x_activation: featureTensor(graph, 'activation'),
    sage_adj: new ScatteredTensor({
      dims: [rows.sageRows, rows.columns],
      pattern: ZERO,
      shared: laid?.means ?? NO_CELLS,
      own: cells.means.part(),
    }),
    gat0_edge: new ScatteredTensor({
      dims: [rows.firstBuckets, channels, rows.columns],
      pattern: blanks.first,
      shared: laid?.first ?? NO_CELLS,
      own: cells.first.part(),
    }),
    gat1_edge: new ScatteredTensor({
      dims: [rows.lastBuckets, channels, rows.lastColumns],
      pattern: blanks.last,
      shared: laid?.last ?? NO_CELLS,
      own: cells.last.part(),
    }),
    bucket_rel: { type: 'int64', dims: [rows.firstBuckets], data: index.relations },
    bucket_dst: { type: 'int64', dims: [rows.firstBuckets], data: index.destinations },
  };
}
