import type { NodeType, RelationKey } from './schema.js';

/** The nodes of one type: `ids.length` rows of `width` features, row major, finite float32. */
export interface NodeTable {
  readonly ids: readonly string[];
  readonly width: number;
  readonly features: Float32Array;
}

/** The edges of one relation, as pairs of row numbers; `attributes` holds `attributeWidth` numbers per edge, row major. */
export interface EdgeTable {
  readonly source: Int32Array;
  readonly target: Int32Array;
  readonly attributeWidth: number;
  readonly attributes: Float32Array;
}

/**
 * A typed graph. A relation without edges has an empty table; a relation without a key is *missing*, which is a different
 * input to the network (it changes the mean over relations) and is refused by the compiled form.
 */
export interface HeteroGraph {
  readonly nodes: Readonly<Record<NodeType, NodeTable>>;
  readonly edges: Readonly<Partial<Record<RelationKey, EdgeTable>>>;
}
