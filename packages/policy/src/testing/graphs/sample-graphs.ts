import type { EdgeTable, HeteroGraph, NodeTable } from '../../core/graph/hetero-graph.js';
import { NODE_TYPES, type NodeType, RELATION_KEYS, RELATIONS, type RelationKey } from '../../core/graph/schema.js';
import type { NetworkDims } from '../../core/network/dims.js';
import { inputWidths } from '../../core/network/weight-names.js';

/** Where the samples take their chances from. */
export interface RandomSource {
  /** A number in [0, 1). */
  fraction(): number;
}

/** Rows of each node type. */
export type NodeCounts = Readonly<Record<NodeType, number>>;

/** What the graph builder makes at its default caps with two seeds: 9 nodes, 42 edges. */
export const DEFAULT_CAPS_COUNTS: NodeCounts = Object.freeze({
  global: 1,
  seed: 2,
  blueprint: 1,
  parameter: 1,
  layer: 3,
  activation: 1,
});

/** The graph that the latency figures are stated for: 39 nodes, 674 edges. */
export const TYPICAL_COUNTS: NodeCounts = Object.freeze({
  global: 1,
  seed: 8,
  blueprint: 4,
  parameter: 8,
  layer: 12,
  activation: 6,
});

type Pair = readonly [source: number, target: number];

const fill = (length: number, value: () => number): Float32Array => Float32Array.from({ length }, value);
/** A signed number of the size that z-scores have. */
const score = (random: RandomSource): number => (random.fraction() * 2 - 1) * 3;
const below = (random: RandomSource, bound: number): number => Math.floor(random.fraction() * bound);

/** Node tables of the given sizes with random features. */
export function sampleNodes(counts: NodeCounts, dims: NetworkDims, random: RandomSource): HeteroGraph['nodes'] {
  const widths = inputWidths(dims);
  const tables = NODE_TYPES.map((type): [NodeType, NodeTable] => {
    const ids = Array.from({ length: counts[type] }, (_, i) => `${type}-${i}`);
    return [type, { ids, width: widths[type], features: fill(ids.length * widths[type], () => score(random)) }];
  });
  return Object.fromEntries(tables) as Record<NodeType, NodeTable>;
}

/** An edge table of these pairs with random attributes. */
export function sampleEdges(pairs: readonly Pair[], attributeWidth: number, random: RandomSource): EdgeTable {
  return {
    source: Int32Array.from(pairs, ([source]) => source),
    target: Int32Array.from(pairs, ([, target]) => target),
    attributeWidth,
    attributes: fill(pairs.length * attributeWidth, () => score(random) / 3),
  };
}

/** The pairs of one relation in a graph as the builder links it: chains, one monitored layer per seed, else all to all. */
function builderPairs(relation: (typeof RELATIONS)[number], counts: NodeCounts): readonly Pair[] {
  const { source, name, target } = relation;
  const chain = (length: number): Pair[] => Array.from({ length: Math.max(0, length - 1) }, (_, i) => [i, i + 1]);
  if (name === 'peer' || name === 'connects') return chain(counts[source]);
  if (counts[source] === 0 || counts[target] === 0) return [];
  const monitored = (seed: number): number => seed % counts.layer;
  if (name === 'monitors') return Array.from({ length: counts.seed }, (_, i) => [i, monitored(i)]);
  if (name === 'monitored_by' && target === 'seed') {
    return Array.from({ length: counts.seed }, (_, i) => [monitored(i), i]);
  }
  return Array.from({ length: counts[source] }, (_, i) => i).flatMap((i) =>
    Array.from({ length: counts[target] }, (_, j): Pair => [i, j]),
  );
}

/** A graph linked as the graph builder links it, with random numbers: all 21 relations, no duplicates. */
export function builderLikeGraph(counts: NodeCounts, dims: NetworkDims, random: RandomSource): HeteroGraph {
  const edges = Object.fromEntries(
    RELATIONS.map((relation, r) => [
      RELATION_KEYS[r],
      sampleEdges(builderPairs(relation, counts), dims.edgeFeatureWidth, random),
    ]),
  );
  return { nodes: sampleNodes(counts, dims, random), edges };
}

/** How wild a random graph is. */
export interface RandomGraphOptions {
  readonly counts: NodeCounts;
  readonly dims: NetworkDims;
  /** Chance that a relation has no edges at all. */
  readonly emptyChance: number;
  /** Chance that a relation has no attributes. */
  readonly bareChance: number;
  /** Chance that a pair may occur twice. */
  readonly duplicateChance: number;
}

function randomPairs(sources: number, targets: number, random: RandomSource): readonly Pair[] {
  const count = below(random, Math.min(sources * targets, 2 * (sources + targets)) + 1);
  return Array.from({ length: count }, () => [below(random, sources), below(random, targets)]);
}

const withoutDuplicates = (pairs: readonly Pair[]): readonly Pair[] => [
  ...new Map(pairs.map((pair) => [pair.join(), pair])).values(),
];

/** A graph with arbitrary edges: isolated nodes, self loops, empty relations; all 21 relations present. */
export function randomGraph(options: RandomGraphOptions, random: RandomSource): HeteroGraph {
  const { counts, dims } = options;
  const edges = Object.fromEntries(
    RELATIONS.map(({ source, target }, r): [RelationKey, EdgeTable] => {
      const empty = random.fraction() < options.emptyChance || counts[source] === 0 || counts[target] === 0;
      const pairs = empty ? [] : randomPairs(counts[source], counts[target], random);
      const kept = random.fraction() < options.duplicateChance ? pairs : withoutDuplicates(pairs);
      const width = random.fraction() < options.bareChance ? 0 : dims.edgeFeatureWidth;
      return [RELATION_KEYS[r] as RelationKey, sampleEdges(kept, width, random)];
    }),
  );
  return { nodes: sampleNodes(counts, dims, random), edges };
}
