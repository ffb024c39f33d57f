import { SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import type { EdgeTable, HeteroGraph, NodeType, RelationKey } from '../../src/index.js';
import { NODE_TYPES, RELATION_KEYS, RELATIONS } from '../../src/index.js';
import { erf, gelu } from '../../src/testing/reference/row-matrix.js';
import {
  builderLikeGraph,
  changedWeights,
  largestDifference,
  namedOutputs,
  referenceForward,
  sampleWeights,
  TYPICAL_COUNTS,
} from '../../src/testing.js';
import { must, SMALL_DIMS, wildGraph } from './samples.js';

const weights = sampleWeights(SMALL_DIMS, new SeededRandom(11));
const ask = (graph: HeteroGraph) => must(referenceForward(graph, weights));
const difference = (a: HeteroGraph, b: HeteroGraph) => largestDifference(namedOutputs(ask(a)), namedOutputs(ask(b)));
const typical = () => builderLikeGraph(TYPICAL_COUNTS, SMALL_DIMS, new SeededRandom(3));

const EMPTY: EdgeTable = {
  source: new Int32Array(),
  target: new Int32Array(),
  attributeWidth: 0,
  attributes: new Float32Array(),
};

function withRelations(
  graph: HeteroGraph,
  change: (key: RelationKey, edges: EdgeTable) => EdgeTable | undefined,
): HeteroGraph {
  const entries = RELATION_KEYS.map((key) => [key, change(key, graph.edges[key] ?? EMPTY)]);
  return { ...graph, edges: Object.fromEntries(entries.filter(([, edges]) => edges !== undefined)) };
}

const withEdges = (graph: HeteroGraph, key: RelationKey, edges: EdgeTable | undefined): HeteroGraph =>
  withRelations(graph, (other, kept) => (other === key ? edges : kept));

describe('the functions under it', () => {
  it('erf agrees with tabulated values to 14 digits', () => {
    const table: [number, number][] = [
      [0, 0],
      [0.1, 0.1124629160182849],
      [0.5, 0.5204998778130465],
      [1, 0.8427007929497149],
      [2, 0.9953222650189527],
      [3, 0.9999779095030014],
      [5, 0.9999999999984626],
    ];
    for (const [x, value] of table) {
      expect(erf(x)).toBeCloseTo(value, 14);
      expect(erf(-x)).toBeCloseTo(-value, 14);
    }
    expect(erf(7)).toBe(1);
    expect(erf(Number.NEGATIVE_INFINITY)).toBe(-1);
    expect(erf(Number.NaN)).toBeNaN();
  });

  it('GELU is the exact form: x times the normal distribution function', () => {
    expect(gelu(1)).toBeCloseTo(0.8413447460685429, 15);
    expect(gelu(-1)).toBeCloseTo(-0.15865525393145707, 15);
    expect(gelu(0)).toBe(0);
  });
});

describe('the network, in what it must and must not notice', () => {
  it('does not depend on the order of nodes or edges', () => {
    const graph = typical();
    const reversed = withRelations(graph, (_, edges) => ({
      source: edges.source.toReversed(),
      target: edges.target.toReversed(),
      attributeWidth: edges.attributeWidth,
      attributes: Float32Array.from({ length: edges.attributes.length }, (_unused, i) => {
        const width = edges.attributeWidth;
        const row = edges.source.length - 1 - Math.floor(i / width);
        return edges.attributes[row * width + (i % width)] as number;
      }),
    }));
    expect(difference(graph, reversed)).toBeLessThan(1e-6);
  });

  it('P-D41: a missing relation is another input than an empty one', () => {
    const graph = typical();
    const empty = withEdges(graph, 'seed__peer__seed', EMPTY);
    const missing = withEdges(graph, 'seed__peer__seed', undefined);
    expect(difference(graph, empty)).toBeGreaterThan(1e-3);
    expect(difference(empty, missing)).toBeGreaterThan(1e-3);
  });

  it('a single in-edge has attention 1, whatever its attributes', () => {
    const graph = typical();
    const key = 'global__influences__seed';
    const edges = graph.edges[key] as EdgeTable;
    const zeroed = withEdges(graph, key, { ...edges, attributes: new Float32Array(edges.attributes.length) });
    expect(difference(graph, zeroed)).toBe(0);
    const other = 'layer__monitored_by__seed';
    const others = graph.edges['layer__feedback__global'] as EdgeTable;
    const flattened = { ...others, attributes: new Float32Array(others.attributes.length) };
    expect(graph.edges[other]?.source).toHaveLength(TYPICAL_COUNTS.seed);
    expect(difference(graph, withEdges(graph, 'layer__feedback__global', flattened))).toBeGreaterThan(1e-5);
  });

  it('no attributes are the same as attributes of zero', () => {
    const graph = wildGraph(SMALL_DIMS, 5, TYPICAL_COUNTS);
    const bare = withRelations(graph, (_, edges) => ({ ...edges, attributeWidth: 0, attributes: new Float32Array() }));
    const zero = withRelations(graph, (_, edges) => ({
      ...edges,
      attributeWidth: 3,
      attributes: new Float32Array(3 * edges.source.length),
    }));
    expect(difference(bare, zero)).toBe(0);
  });

  it('a node type without incoming relations vanishes: its scores go, or what needs it refuses', () => {
    const graph = typical();
    const into = (type: NodeType, key: RelationKey) => RELATIONS[RELATION_KEYS.indexOf(key)]?.target === type;
    const touching = (type: NodeType, key: RelationKey) =>
      into(type, key) || RELATIONS[RELATION_KEYS.indexOf(key)]?.source === type;
    for (const type of NODE_TYPES) {
      const cut = withRelations(graph, (key, edges) => (into(type, key) ? undefined : edges));
      expect(referenceForward(cut, weights)).toEqual({
        ok: false,
        error: { code: 'node_type_unreachable', nodeType: type },
      });
    }
    const apart = ask(withRelations(graph, (key, edges) => (touching('seed', key) ? undefined : edges)));
    expect(apart.seedScores).toHaveLength(0);
    expect(apart.blueprintScores).toHaveLength(4);
  });

  it('has exactly the dead weights that follow from what the heads read', () => {
    const graph = wildGraph(SMALL_DIMS, 21, TYPICAL_COUNTS);
    const before = namedOutputs(ask(graph));
    const moved = (prefix: string): boolean => {
      const other = changedWeights(weights, (name, { data }) =>
        name.startsWith(prefix) ? data.map((v) => v + 0.1) : data,
      );
      return largestDifference(before, namedOutputs(must(referenceForward(graph, other)))) > 0;
    };
    const dead: string[] = [];
    for (const layer of [0, 1]) {
      for (const { source, name, target } of RELATIONS) {
        const convolution = `_gat_layers.${layer}.convs.<${source}___${name}___${target}>`;
        if (!moved(convolution)) dead.push(`${layer} ${target}`);
      }
    }
    expect(dead.filter((entry) => entry.startsWith('0'))).toEqual(new Array(4).fill('0 activation'));
    expect(dead.filter((entry) => entry.startsWith('1'))).toHaveLength(11);
    expect(dead.some((entry) => /1 (global|seed|blueprint)/.test(entry))).toBe(false);
  });
});
