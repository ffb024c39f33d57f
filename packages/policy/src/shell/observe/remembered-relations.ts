import type { EdgeTable, HeteroGraph } from '../../core/graph/hetero-graph.js';
import { NODE_TYPES, RELATION_KEYS, type RelationKey } from '../../core/graph/schema.js';
import type { GraphContract } from '../../core/network/check-graph.js';
import type { RelationMemory } from '../../core/network/compiled/compile-graph.js';
import { type LaidCells, layCells } from '../../core/network/compiled/dense-feeds.js';

/** What must be the same for tables to be the same cells. */
interface Compiled {
  readonly graph: HeteroGraph;
  readonly contract: GraphContract;
}

/**
 * Lays out what a graph shares with the one before it, once, for as long as both keep coming: the tables that follow from
 * the blueprints alone, when `observe` remembers those. Tables are known by identity: nobody may write to them.
 */
export function rememberRelations(): RelationMemory {
  let last: Compiled | undefined;
  let laid: { readonly cells: LaidCells; readonly of: Compiled } | undefined;
  return {
    recall(graph, contract) {
      const now = { graph, contract };
      if (laid !== undefined && isAlike(laid.of, now) && hasAll(laid.cells.relations, laid.of, now)) return laid.cells;
      laid = undefined;
      if (last === undefined || !isAlike(last, now)) return undefined;
      const shared = sharedRelations(last, now);
      const cells = shared.size === 0 ? undefined : layCells(graph, shared, contract.dims.edgeFeatureWidth);
      if (cells !== undefined) laid = { cells, of: now };
      return cells;
    },
    compiled(graph, contract) {
      last = { graph, contract };
    },
  };
}

/** The same contract, and as many nodes of each type. */
const isAlike = (a: Compiled, b: Compiled): boolean =>
  a.contract.dims === b.contract.dims &&
  a.contract.limits === b.contract.limits &&
  NODE_TYPES.every((type) => a.graph.nodes[type].ids.length === b.graph.nodes[type].ids.length);

const tableOf = ({ graph }: Compiled, key: RelationKey): EdgeTable | undefined => graph.edges[key];

function hasAll(relations: ReadonlySet<RelationKey>, a: Compiled, b: Compiled): boolean {
  for (const key of relations) if (tableOf(a, key) !== tableOf(b, key)) return false;
  return true;
}

const sharedRelations = (a: Compiled, b: Compiled): ReadonlySet<RelationKey> =>
  new Set(RELATION_KEYS.filter((key) => tableOf(a, key) === tableOf(b, key)));
