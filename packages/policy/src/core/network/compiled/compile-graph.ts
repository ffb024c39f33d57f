import { err, invariant, ok, type Result } from '@esper/std';
import type { HeteroGraph } from '../../graph/hetero-graph.js';
import { NODE_TYPES, RELATION_KEYS } from '../../graph/schema.js';
import { checkGraphNumbers, checkGraphShape, type GraphContract, type GraphRefusal } from '../check-graph.js';
import type { TensorMap } from '../feeds.js';
import { denseFeeds } from './dense-feeds.js';
import { expandParallelEdges } from './expand-parallel-edges.js';

/** The rare case: parallel edges are given copies of their source, within the limit. */
function feedsOfCopies(graph: HeteroGraph, { dims, limits }: GraphContract): Result<TensorMap, GraphRefusal> {
  const simple = expandParallelEdges(graph);
  const count = NODE_TYPES.reduce((sum, type) => sum + simple.nodes[type].ids.length, 0);
  const max = limits.expandedNodeCountMax;
  if (count > max) return err({ code: 'graph_too_large', what: 'nodes with copies', actual: count, max });
  const feeds = denseFeeds(simple, dims.edgeFeatureWidth);
  invariant(feeds !== undefined, 'no edges are parallel when each has a copy of its source');
  return ok(feeds);
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
  const feeds = denseFeeds(graph, contract.dims.edgeFeatureWidth);
  return feeds === undefined ? feedsOfCopies(graph, contract) : ok(feeds);
}
