import type { EdgeTable, HeteroGraph, NodeTable } from '../../graph/hetero-graph.js';
import { NODE_TYPES, type NodeType, RELATION_KEYS, RELATIONS, type RelationKey } from '../../graph/schema.js';

/** How often each node of a type must stand in the graph. */
type Copies = Readonly<Record<NodeType, Int32Array>>;

/** For each edge: how many edges of the same pair came before it. */
function ordinals(edges: EdgeTable, targetCount: number): Int32Array {
  const seen = new Map<number, number>();
  return edges.source.map((from, e) => {
    const pair = from * targetCount + (edges.target[e] as number);
    const ordinal = seen.get(pair) ?? 0;
    seen.set(pair, ordinal + 1);
    return ordinal;
  });
}

interface Numbered {
  readonly key: RelationKey;
  readonly source: NodeType;
  readonly target: NodeType;
  readonly edges: EdgeTable;
  readonly ordinal: Int32Array;
}

function numberEdges(graph: HeteroGraph): readonly Numbered[] {
  return RELATIONS.flatMap(({ source, target }, r) => {
    const key = RELATION_KEYS[r] as RelationKey;
    const edges = graph.edges[key];
    if (edges === undefined) return [];
    return [{ key, source, target, edges, ordinal: ordinals(edges, graph.nodes[target].ids.length) }];
  });
}

function copiesNeeded(graph: HeteroGraph, relations: readonly Numbered[]): Copies {
  const copies = Object.fromEntries(
    NODE_TYPES.map((type) => [type, new Int32Array(graph.nodes[type].ids.length).fill(1)]),
  ) as Record<NodeType, Int32Array>;
  for (const { source, edges, ordinal } of relations) {
    for (const [e, from] of edges.source.entries()) {
      copies[source][from] = Math.max(copies[source][from] as number, (ordinal[e] as number) + 1);
    }
  }
  // The graph embedding is the mean of the global rows: it stays the same only if all of them stand equally often.
  copies.global.fill(copies.global.reduce((max, count) => Math.max(max, count), 1));
  return copies;
}

/** Row numbers of the copies of each node: the originals keep theirs, copies follow behind. */
function copyRows(copies: Int32Array): readonly (readonly number[])[] {
  let next = copies.length;
  return Array.from(copies, (count, row) => {
    const extra = Array.from({ length: count - 1 }, (_, i) => next + i);
    next += count - 1;
    return [row, ...extra];
  });
}

type RowsByType = Readonly<Record<NodeType, readonly (readonly number[])[]>>;

function copyNodes(table: NodeTable, rows: readonly (readonly number[])[]): NodeTable {
  const total = rows.reduce((sum, copies) => sum + copies.length, 0);
  const ids = new Array<string>(total);
  const features = new Float32Array(total * table.width);
  for (const [from, copies] of rows.entries()) {
    for (const to of copies) {
      ids[to] = table.ids[from] as string;
      features.set(table.features.subarray(from * table.width, (from + 1) * table.width), to * table.width);
    }
  }
  return { ids, width: table.width, features };
}

function copyEdges({ source, target, edges, ordinal }: Numbered, rows: RowsByType): EdgeTable {
  const width = edges.attributeWidth;
  const from: number[] = [];
  const to: number[] = [];
  const attributes: number[] = [];
  for (const [e, row] of edges.source.entries()) {
    for (const end of rows[target][edges.target[e] as number] as readonly number[]) {
      from.push(rows[source][row]?.[ordinal[e] as number] as number);
      to.push(end);
      attributes.push(...edges.attributes.subarray(e * width, (e + 1) * width));
    }
  }
  return {
    source: Int32Array.from(from),
    target: Int32Array.from(to),
    attributeWidth: width,
    attributes: Float32Array.from(attributes),
  };
}

/**
 * A graph without parallel edges that the network cannot tell from the given one. A node that is the source of several
 * edges to one target gets copies with the same features and the same in-edges, hence the same embedding in every layer;
 * each parallel edge starts at another copy. Copies stand behind the originals of their type.
 */
export function expandParallelEdges(graph: HeteroGraph): HeteroGraph {
  const relations = numberEdges(graph);
  const copies = copiesNeeded(graph, relations);
  const rows = Object.fromEntries(NODE_TYPES.map((type) => [type, copyRows(copies[type])])) as unknown as RowsByType;
  const nodes = Object.fromEntries(NODE_TYPES.map((type) => [type, copyNodes(graph.nodes[type], rows[type])]));
  const edges = Object.fromEntries(relations.map((relation) => [relation.key, copyEdges(relation, rows)]));
  return { nodes: nodes as unknown as HeteroGraph['nodes'], edges };
}
