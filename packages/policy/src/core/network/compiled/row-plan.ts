import type { HeteroGraph } from '../../graph/hetero-graph.js';
import { NODE_TYPES, type NodeType } from '../../graph/schema.js';
import { GAT0_TARGETS, GAT1_TARGETS, INCOMING_RELATIONS, incomingCount } from '../relation-index.js';

/** Where things stand in the dense tensors of one graph. */
export interface RowPlan {
  readonly counts: Readonly<Record<NodeType, number>>;
  /** First row of each type among all nodes. */
  readonly firstRow: Readonly<Record<NodeType, number>>;
  /** First bucket of each type in `gat0_edge` and `gat1_edge`; both number buckets alike. */
  readonly firstBucket: Readonly<Record<NodeType, number>>;
  /** First row of each type in `sage_adj`, which has one more row per node. */
  readonly firstSageRow: Readonly<Record<NodeType, number>>;
  /** Columns: all nodes and the null node; then without activations. */
  readonly columns: number;
  readonly lastColumns: number;
  readonly sageRows: number;
  readonly firstBuckets: number;
  readonly lastBuckets: number;
}

type PerType = Record<NodeType, number>;

/** Running totals of `size` over the node types, and the grand total. */
function offsets(size: (type: NodeType) => number): { readonly first: PerType; readonly total: number } {
  const first: Partial<PerType> = {};
  let total = 0;
  for (const type of NODE_TYPES) {
    first[type] = total;
    total += size(type);
  }
  return { first: first as PerType, total };
}

const bucketsOf = (counts: PerType, types: readonly NodeType[]): number =>
  types.reduce((sum, type) => sum + counts[type] * incomingCount(type), 0);

/** Lays out the rows, columns and buckets of a graph. */
export function planRows(graph: HeteroGraph): RowPlan {
  const counts = Object.fromEntries(NODE_TYPES.map((type) => [type, graph.nodes[type].ids.length])) as PerType;
  const rows = offsets((type) => counts[type]);
  const sage = offsets((type) => counts[type] * (incomingCount(type) + 1));
  return {
    counts,
    firstRow: rows.first,
    firstBucket: offsets((type) => counts[type] * incomingCount(type)).first,
    firstSageRow: sage.first,
    columns: rows.total + 1,
    lastColumns: rows.total - counts.activation + 1,
    sageRows: sage.total,
    firstBuckets: bucketsOf(counts, GAT0_TARGETS),
    lastBuckets: bucketsOf(counts, GAT1_TARGETS),
  };
}

/** Position of a relation among those that arrive at its target. */
export const incomingPosition = (target: NodeType, relation: number): number =>
  INCOMING_RELATIONS[target].indexOf(relation);
