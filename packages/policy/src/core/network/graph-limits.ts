/** Bounds of one graph, checked before the network is asked. */
export interface GraphLimits {
  /** Nodes of all types together. */
  readonly nodeCountMax: number;
  /** Edges of all relations together. */
  readonly edgeCountMax: number;
  /** Nodes after parallel edges have been given copies of their source (see `expandParallelEdges`). */
  readonly expandedNodeCountMax: number;
  /** Largest absolute feature or attribute. Up to it, squares and their sums stay finite in float32. */
  readonly magnitudeMax: number;
  /** Several edges of one relation between one pair of nodes: computed exactly, or refused. */
  readonly duplicateEdges: 'count' | 'refuse';
}

/** 256 nodes (1,024 with copies), 16,384 edges, magnitudes up to 10¹²; duplicates are computed. */
export const DEFAULT_GRAPH_LIMITS: GraphLimits = Object.freeze({
  nodeCountMax: 256,
  edgeCountMax: 16_384,
  expandedNodeCountMax: 1024,
  magnitudeMax: 1e12,
  duplicateEdges: 'count',
});
