import type { HeteroGraph } from '../../core/graph/hetero-graph.js';
import type { NetworkDims } from '../../core/network/dims.js';
import { seededStream } from '../../core/network/seeded-stream.js';
import { builderLikeGraph, DEFAULT_CAPS_COUNTS, TYPICAL_COUNTS } from './sample-graphs.js';

/** `count` graphs linked as the builder links them, every other one typical, the rest at the default caps. Equal seeds, equal graphs. */
export function* seededGraphs(dims: NetworkDims, given: { readonly count: number; readonly seed: number }) {
  const random = { fraction: seededStream(given.seed, 'graphs') };
  for (let i = 0; i < given.count; i += 1) {
    const counts = i % 2 === 0 ? TYPICAL_COUNTS : DEFAULT_CAPS_COUNTS;
    yield builderLikeGraph(counts, dims, random) satisfies HeteroGraph;
  }
}
