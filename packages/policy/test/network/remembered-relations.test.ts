import { SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { NO_CELLS, type ScatteredTensor } from '../../src/core/network/scattered-tensor.js';
import {
  compileGraph,
  DEFAULT_DIMS,
  type EdgeTable,
  type GraphContract,
  type HeteroGraph,
  RELATION_KEYS,
  type RelationKey,
  rememberRelations,
} from '../../src/index.js';
import { builderLikeGraph, sampleEdges, sampleNodes, TYPICAL_COUNTS } from '../../src/testing.js';
import { LIMITS, must, ODD_DIMS, randomCounts, wildGraph } from './samples.js';

const contract: GraphContract = { dims: DEFAULT_DIMS, limits: LIMITS };
const typical = builderLikeGraph(TYPICAL_COUNTS, DEFAULT_DIMS, new SeededRandom(1));
const withTable = (graph: HeteroGraph, key: RelationKey, change: Partial<EdgeTable>): HeteroGraph => ({
  ...graph,
  edges: { ...graph.edges, [key]: { ...(graph.edges[key] as EdgeTable), ...change } },
});

/** Tensors as numbers: in which order cells were written does not matter. */
const numbers = (result: ReturnType<typeof compileGraph>) => {
  if (!result.ok) return result.error;
  return Object.fromEntries(
    Object.entries(result.value).map(([name, { dims, data }]) => {
      const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      return [name, { dims, data: bytes.toString('base64') }];
    }),
  );
};

describe('relations that are remembered', () => {
  it('do not show: graph after graph, whatever two of them share, the tensors or the refusal are the same', () => {
    for (let seed = 1; seed <= 15; seed += 1) {
      const random = new SeededRandom(seed);
      const dims = random.pick([DEFAULT_DIMS, ODD_DIMS]);
      const given = { dims, limits: { ...LIMITS, duplicateEdges: random.pick(['refuse', 'count'] as const) } };
      const memory = rememberRelations();
      let counts = randomCounts(random);
      let graph = wildGraph(dims, seed, counts);
      for (let step = 0; step < 6; step += 1) {
        expect(numbers(compileGraph(graph, given, memory)), `seed ${seed}, step ${step}`).toEqual(
          numbers(compileGraph(graph, given)),
        );
        if (random.chance(0.2)) counts = randomCounts(random);
        const next = wildGraph(dims, 100 * seed + step, counts);
        const kept = RELATION_KEYS.filter(() => random.chance(0.7)).map((key) => [key, graph.edges[key]]);
        graph = { nodes: next.nodes, edges: { ...next.edges, ...Object.fromEntries(kept) } };
      }
    }
  });

  it('are laid out once: the bucket numbers are the very same from the third graph on', () => {
    const memory = rememberRelations();
    const numbersOf = () => must(compileGraph(typical, contract, memory))['bucket_rel']?.data;
    const first = numbersOf();
    const second = numbersOf();
    expect(second).toEqual(first);
    expect(numbersOf()).toBe(second);
  });

  it('are the shared cells of each tensor, the very same from graph to graph, and no cell is there twice', () => {
    const memory = rememberRelations();
    const scattered = (): ScatteredTensor[] => {
      // A table of its own each time, as the seeds of a packet have.
      const peers = { ...(typical.edges.seed__peer__seed as EdgeTable) };
      const edges = { ...typical.edges, seed__peer__seed: peers };
      const feeds = must(compileGraph({ ...typical, edges }, contract, memory));
      return ['sage_adj', 'gat0_edge', 'gat1_edge'].map((name) => feeds[name] as ScatteredTensor);
    };
    const [first, second, third] = [scattered(), scattered(), scattered()];
    expect(first.map(({ shared }) => shared)).toEqual([NO_CELLS, NO_CELLS, NO_CELLS]);
    expect(third.map(({ shared }) => shared)).toEqual(second.map(({ shared }) => shared));
    for (const [at, { shared, own }] of third.entries()) {
      expect(shared).toBe(second[at]?.shared);
      expect(own.cells.length).toBeGreaterThan(0);
      expect(shared.cells.length + own.cells.length).toBe(first[at]?.own.cells.length);
    }
  });

  it('excuse nothing new: another table, other numbers, other features and another contract are checked', () => {
    const bad = Float32Array.of(Number.NaN, 0, 0);
    const one = { source: Int32Array.of(0), target: Int32Array.of(0), attributes: bad };
    const features = typical.nodes.seed.features.map((_, at) => (at === 3 ? Number.NaN : 0));
    const memory = rememberRelations();
    for (let warm = 0; warm < 3; warm += 1) must(compileGraph(typical, contract, memory));
    const codeOf = (graph: HeteroGraph, given = contract) => {
      const result = compileGraph(graph, given, memory);
      return result.ok ? 'accepted' : result.error.code;
    };
    expect(codeOf(withTable(typical, 'layer__connects__layer', one))).toBe('nonfinite_input');
    expect(codeOf(withTable(typical, 'seed__peer__seed', { source: Int32Array.of(99) }))).toBe('edge_table_invalid');
    const spoiled = { ...typical.nodes, seed: { ...typical.nodes.seed, features } };
    expect(codeOf({ ...typical, nodes: spoiled })).toBe('nonfinite_input');
    expect(codeOf(typical, { ...contract, limits: { ...LIMITS, magnitudeMax: 1e-3 } })).toBe('magnitude_out_of_range');
    expect(codeOf(typical)).toBe('accepted');
  });

  it('a refused graph is not remembered as a good one, and a node less makes an old edge point nowhere', () => {
    const memory = rememberRelations();
    const broken = withTable(typical, 'layer__connects__layer', { source: Int32Array.of(99) });
    for (let twice = 0; twice < 3; twice += 1) expect(compileGraph(broken, contract, memory).ok).toBe(false);
    for (let warm = 0; warm < 3; warm += 1) must(compileGraph(typical, contract, memory));
    const fewer = sampleNodes({ ...TYPICAL_COUNTS, layer: 1 }, DEFAULT_DIMS, new SeededRandom(3));
    const cut = compileGraph({ ...typical, nodes: fewer }, contract, memory);
    expect(cut.ok ? 'accepted' : cut.error.code).toBe('edge_out_of_range');
    const other = sampleEdges([[0, 0]], DEFAULT_DIMS.edgeFeatureWidth, new SeededRandom(4));
    const changed = { ...typical, edges: { ...typical.edges, seed__peer__seed: other } };
    expect(numbers(compileGraph(changed, contract, memory))).toEqual(numbers(compileGraph(changed, contract)));
  });
});
