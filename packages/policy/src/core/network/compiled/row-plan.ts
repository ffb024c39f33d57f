import type { HeteroGraph } from '../../graph/hetero-graph.js';
import { NODE_TYPES, type NodeType } from '../../graph/schema.js';
import { GAT0_TARGETS, GAT1_TARGETS, incomingCount } from '../relation-index.js';

type PerType = Readonly<Record<NodeType, number>>;

/** Where things stand in the dense tensors of one graph. */
export interface RowPlan {
  readonly counts: PerType;
  /** First row of each type among all nodes. */
  readonly firstRow: PerType;
  /** First bucket of each type in `gat0_edge` and `gat1_edge`; both number buckets alike. */
  readonly firstBucket: PerType;
  /** First row of each type in `sage_adj`, which has one more row per node. */
  readonly firstSageRow: PerType;
  /** Columns: all nodes and the null node; then without activations. */
  readonly columns: number;
  readonly lastColumns: number;
  readonly sageRows: number;
  readonly firstBuckets: number;
  readonly lastBuckets: number;
}

const zeros = (): Record<NodeType, number> => ({
  global: 0,
  seed: 0,
  blueprint: 0,
  parameter: 0,
  layer: 0,
  activation: 0,
});

/** Lays out the rows, columns and buckets of a graph. */
export function planRows(graph: HeteroGraph): RowPlan {
  const [counts, firstRow, firstBucket, firstSageRow] = [zeros(), zeros(), zeros(), zeros()];
  let rows = 0;
  let buckets = 0;
  for (const type of NODE_TYPES) {
    counts[type] = graph.nodes[type].ids.length;
    firstRow[type] = rows;
    firstBucket[type] = buckets;
    firstSageRow[type] = buckets + rows;
    rows += counts[type];
    buckets += counts[type] * incomingCount(type);
  }
  const bucketsOf = (types: readonly NodeType[]): number =>
    types.reduce((sum, type) => sum + counts[type] * incomingCount(type), 0);
  return {
    counts,
    firstRow,
    firstBucket,
    firstSageRow,
    columns: rows + 1,
    lastColumns: rows - counts.activation + 1,
    sageRows: rows + buckets,
    firstBuckets: bucketsOf(GAT0_TARGETS),
    lastBuckets: bucketsOf(GAT1_TARGETS),
  };
}
