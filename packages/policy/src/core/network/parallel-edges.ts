import type { EdgeTable } from '../graph/hetero-graph.js';

/** Number of the first edge whose pair of nodes came before, or -1. Row numbers must be in range. */
export function firstParallelEdge(edges: EdgeTable, sourceCount: number, targetCount: number): number {
  const seen = new Uint8Array(sourceCount * targetCount);
  for (let e = 0; e < edges.source.length; e += 1) {
    const pair = (edges.source[e] as number) * targetCount + (edges.target[e] as number);
    if (seen[pair] === 1) return e;
    seen[pair] = 1;
  }
  return -1;
}
