import type { EdgeTable } from '../../graph/hetero-graph.js';
import type { RelationPlace } from '../relation-index.js';
import type { CellList } from '../scattered-tensor.js';
import { NO_EDGE_MASK } from './compiled-contract.js';
import type { RowPlan } from './row-plan.js';

/** The cells of the three tensors that hold edges, while they are collected. */
export interface EdgeCells {
  /** `sage_adj`. */
  readonly means: CellList;
  /** `gat0_edge` and `gat1_edge`. */
  readonly first: CellList;
  readonly last: CellList;
  /** For one relation at a time: a bit per pair of nodes, a number per node. */
  readonly taken: Int32Array;
  readonly degree: Int32Array;
}

/** What one graph's cells are laid out by. */
export interface CellPlan {
  readonly rows: RowPlan;
  /** Attributes and the mask. */
  readonly channels: number;
}

/** Where one relation's edges go: target row t owns row `first + t · stride`, source row s column `column + s` of `columns`. */
interface Place {
  readonly first: number;
  readonly stride: number;
  readonly column: number;
  readonly columns: number;
}

interface BucketPlace extends Place {
  readonly channels: number;
}

/** Adds the cells of one relation. False when it has parallel edges, which no cell can hold. */
export function fillRelation(
  edges: EdgeTable,
  { source, target, position, siblings }: RelationPlace,
  { plan: { rows, channels }, cells }: { readonly plan: CellPlan; readonly cells: EdgeCells },
): boolean {
  const { columns, lastColumns } = rows;
  const column = rows.firstRow[source];
  const firstRow = rows.firstSageRow[target] + position;
  if (!fillMeans(cells, edges, { first: firstRow, stride: siblings + 1, column, columns })) return false;
  if (target === 'activation') return true;
  const first = rows.firstBucket[target] + position;
  fillEdges(cells.first, edges, { first, stride: siblings, column, columns, channels });
  if (rows.firstBucket[target] < rows.lastBuckets)
    fillEdges(cells.last, edges, { first, stride: siblings, column, columns: lastColumns, channels });
  return true;
}

/** 1/in-degree at each source. False when two edges join the same nodes. */
function fillMeans(
  { means, taken, degree }: EdgeCells,
  { source, target }: EdgeTable,
  { first, stride, column, columns }: Place,
): boolean {
  degree.fill(0);
  taken.fill(0);
  for (let e = 0; e < target.length; e += 1) {
    const to = target[e] as number;
    degree[to] = (degree[to] as number) + 1;
  }
  for (let e = 0; e < source.length; e += 1) {
    const [from, to] = [source[e] as number, target[e] as number];
    const pair = to * columns + from;
    const word = taken[pair >> 5] as number;
    const bit = 1 << (pair & 31);
    if ((word & bit) !== 0) return false;
    taken[pair >> 5] = word | bit;
    means.put((first + to * stride) * columns + column + from, 1 / (degree[to] as number));
  }
  return true;
}

/** Attributes in the first channels, the mask opened there and closed at the null node of a bucket with edges. */
function fillEdges(
  list: CellList,
  { source, target, attributes, attributeWidth }: EdgeTable,
  { first, stride, column, columns, channels }: BucketPlace,
): void {
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
