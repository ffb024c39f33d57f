import { err, invariant, ok, type Result } from '@esper/std';
import type { HeteroGraph } from '../../graph/hetero-graph.js';
import { NODE_TYPES, RELATION_KEYS } from '../../graph/schema.js';
import { checkGraphNumbers, checkGraphShape, type GraphContract, type GraphRefusal } from '../check-graph.js';
import type { TensorMap } from '../feeds.js';
import { denseFeeds, type LaidCells } from './dense-feeds.js';
import { expandParallelEdges } from './expand-parallel-edges.js';

/** Remembers tables of graphs that were compiled, for those that come again. */
export interface RelationMemory {
  /** Laid-out cells of tables that this graph has too, all of them checked under this contract; `undefined` when there are none. */
  recall(graph: HeteroGraph, contract: GraphContract): LaidCells | undefined;
  /** Told of each graph whose tables were all found good. */
  compiled(graph: HeteroGraph, contract: GraphContract): void;
}

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
 * feature tensors share memory with the graph. With a `memory` (`rememberRelations`), tables that were compiled before are
 * neither checked nor laid out again, and the bucket numbers and empty buckets are shared too; without, the rest is fresh.
 */
export function compileGraph(
  graph: HeteroGraph,
  contract: GraphContract,
  memory?: RelationMemory,
): Result<TensorMap, GraphRefusal> {
  const missing = RELATION_KEYS.find((key) => graph.edges[key] === undefined);
  if (missing !== undefined) return err({ code: 'relation_missing', relation: missing });
  const laid = memory?.recall(graph, contract);
  const refusal =
    checkGraphShape(graph, contract, laid?.relations) ?? checkGraphNumbers(graph, contract.limits, laid?.relations);
  if (refusal !== undefined) return err(refusal);
  const feeds = denseFeeds(graph, contract.dims.edgeFeatureWidth, laid);
  if (feeds === undefined) return feedsOfCopies(graph, contract);
  memory?.compiled(graph, contract);
  return ok(feeds);
}
