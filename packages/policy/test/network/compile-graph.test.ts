import { SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import {
  compiledInputs,
  compileGraph,
  DEFAULT_DIMS,
  DEFAULT_GRAPH_LIMITS,
  type EdgeTable,
  type GraphLimits,
  type HeteroGraph,
  NODE_TYPES,
  type NodeTable,
  type NodeType,
  opByOpFeeds,
  type PlainTensor,
  RELATION_KEYS,
  type RelationKey,
} from '../../src/index.js';
import { builderLikeGraph, DEFAULT_CAPS_COUNTS, sampleEdges, TYPICAL_COUNTS } from '../../src/testing.js';
import { feedsOf, must } from './samples.js';

const graph = builderLikeGraph(DEFAULT_CAPS_COUNTS, DEFAULT_DIMS, new SeededRandom(1));
const typical = builderLikeGraph(TYPICAL_COUNTS, DEFAULT_DIMS, new SeededRandom(1));
const compile = (given: HeteroGraph, limits: Partial<GraphLimits> = {}) =>
  compileGraph(given, { dims: DEFAULT_DIMS, limits: { ...DEFAULT_GRAPH_LIMITS, ...limits } });

const withNodes = (type: NodeType, change: Partial<NodeTable>): HeteroGraph => ({
  ...graph,
  nodes: { ...graph.nodes, [type]: { ...graph.nodes[type], ...change } },
});
const withEdges = (key: RelationKey, change: Partial<EdgeTable>): HeteroGraph => ({
  ...graph,
  edges: { ...graph.edges, [key]: { ...graph.edges[key], ...change } },
});
const edges = (pairs: [number, number][]): EdgeTable => sampleEdges(pairs, 3, new SeededRandom(2));
const floats = (values: ArrayLike<number>, at: number, value: number): Float32Array => {
  const copy = Float32Array.from(values);
  copy[at] = value;
  return copy;
};
const refusal = (given: HeteroGraph, limits: Partial<GraphLimits> = {}) => {
  const result = compile(given, limits);
  return result.ok ? 'accepted' : result.error;
};

describe('what the compiled form refuses', () => {
  it.each(RELATION_KEYS)('P-D41: a graph without a table for %s', (relation) => {
    const { [relation]: _, ...rest } = graph.edges;
    expect(refusal({ ...graph, edges: rest })).toEqual({ code: 'relation_missing', relation });
  });

  it('P-D28: duplicate edges, when it is told to; otherwise it computes them', () => {
    const twice = withEdges(
      'seed__peer__seed',
      edges([
        [0, 1],
        [1, 0],
        [0, 1],
      ]),
    );
    expect(refusal(twice, { duplicateEdges: 'refuse' })).toEqual({
      code: 'edge_duplicate',
      relation: 'seed__peer__seed',
      source: 0,
      target: 1,
    });
    expect(refusal(twice)).toBe('accepted');
  });

  it.each([[[2, 0]], [[0, 2]], [[-1, 0]], [[0, -1]]] as [number, number][][])(
    'an edge to a row that is not there: %j',
    (pair) => {
      expect(refusal(withEdges('seed__peer__seed', edges([[0, 1], pair as [number, number]])))).toEqual({
        code: 'edge_out_of_range',
        relation: 'seed__peer__seed',
        edge: 1,
      });
    },
  );

  it('edge tables whose columns disagree', () => {
    const key = 'seed__peer__seed';
    const bad = (change: Partial<EdgeTable>) => refusal(withEdges(key, { ...edges([[0, 1]]), ...change }));
    const because = (reason: string) => ({ code: 'edge_table_invalid', relation: key, reason });
    expect(bad({ target: new Int32Array(2) })).toEqual(because('1 sources and 2 targets'));
    expect(bad({ attributeWidth: 2 })).toEqual(because('attribute width 2, the network reads 3'));
    expect(bad({ attributes: new Float32Array(2) })).toEqual(because('2 attributes, expected 3'));
    expect(bad({ attributeWidth: 0 })).toEqual(because('3 attributes, expected 0'));
    expect(bad({ attributeWidth: 0, attributes: new Float32Array() })).toBe('accepted');
  });

  it('P-D39: node tables of another width than the network', () => {
    const because = (reason: string) => ({ code: 'node_table_invalid', nodeType: 'layer', reason });
    expect(refusal(withNodes('layer', { width: 11 }))).toEqual(because('width 11, the network reads 12'));
    expect(refusal(withNodes('layer', { features: new Float32Array(35) }))).toEqual(
      because('35 features for 3 rows of 12'),
    );
  });

  it('P-D7: NaN and infinities, by tensor, row and column', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const type of NODE_TYPES) {
        const { features, width } = graph.nodes[type];
        const at = features.length - 2;
        const place = { row: Math.floor(at / width), column: at % width };
        expect(refusal(withNodes(type, { features: floats(features, at, value) }))).toEqual({
          code: 'nonfinite_input',
          tensor: `x_${type}`,
          ...place,
        });
      }
      const attributes = floats(graph.edges['layer__feeds__activation']?.attributes ?? [], 4, value);
      expect(refusal(withEdges('layer__feeds__activation', { attributes }))).toEqual({
        code: 'nonfinite_input',
        tensor: 'edge_attr_layer__feeds__activation',
        row: 1,
        column: 1,
      });
    }
  });

  it('finite numbers beyond the magnitude limit, and none at it', () => {
    const large = (value: number) => withNodes('seed', { features: floats(graph.nodes.seed.features, 15, value) });
    expect(refusal(large(1e12))).toBe('accepted');
    expect(refusal(large(-1.1e12))).toEqual({
      code: 'magnitude_out_of_range',
      tensor: 'x_seed',
      row: 1,
      column: 1,
      max: 1e12,
    });
    expect(refusal(large(50), { magnitudeMax: 49 })).toMatchObject({ code: 'magnitude_out_of_range', max: 49 });
  });

  it('a graph without a global node', () => {
    const none = withNodes('global', { ids: [], features: new Float32Array() });
    const linked = Object.fromEntries(RELATION_KEYS.map((key) => [key, edges([])]));
    expect(refusal({ nodes: none.nodes, edges: linked })).toEqual({ code: 'global_node_missing' });
  });

  it('more nodes, edges or copies than the limits', () => {
    expect(refusal(typical, { nodeCountMax: 39 })).toBe('accepted');
    expect(refusal(typical, { nodeCountMax: 38 })).toEqual({
      code: 'graph_too_large',
      what: 'nodes',
      actual: 39,
      max: 38,
    });
    expect(refusal(typical, { edgeCountMax: 674 })).toBe('accepted');
    expect(refusal(typical, { edgeCountMax: 673 })).toEqual({
      code: 'graph_too_large',
      what: 'edges',
      actual: 674,
      max: 673,
    });
    const doubled = withEdges(
      'seed__peer__seed',
      edges([
        [0, 1],
        [0, 1],
        [0, 1],
      ]),
    );
    expect(refusal(doubled, { expandedNodeCountMax: 11 })).toBe('accepted');
    expect(refusal(doubled, { expandedNodeCountMax: 10 })).toEqual({
      code: 'graph_too_large',
      what: 'nodes with copies',
      actual: 11,
      max: 10,
    });
  });

  it('P-D41: the op-by-op form checks shapes alike and takes exactly the relations given', () => {
    const contract = { dims: DEFAULT_DIMS, limits: DEFAULT_GRAPH_LIMITS };
    const feeds = must(opByOpFeeds(graph, contract));
    expect(Object.keys(feeds)).toHaveLength(48);
    const { seed__peer__seed: _, ...rest } = graph.edges;
    expect(Object.keys(must(opByOpFeeds({ ...graph, edges: rest }, contract)))).toHaveLength(46);
    expect(opByOpFeeds(withNodes('layer', { width: 11 }), contract)).toMatchObject({ ok: false });
  });
});

type FloatTensor = Extract<PlainTensor, { type: 'float32' }>;

describe('what the compiled form is fed', () => {
  it.each([
    ['default caps', graph],
    ['typical', typical],
  ])('%s: names, types and shapes of the contract', (_, given) => {
    const feeds = feedsOf(given, DEFAULT_DIMS);
    const ports = compiledInputs(DEFAULT_DIMS);
    expect(Object.keys(feeds)).toEqual(ports.map(({ name }) => name));
    const sizes = new Map<string, number>();
    for (const { name, type, dims } of ports) {
      const tensor = feeds[name];
      expect(tensor?.type, name).toBe(type);
      expect(tensor?.data.length, name).toBe(tensor?.dims.reduce((a, b) => a * b, 1));
      for (const [axis, size] of dims.entries()) {
        const actual = tensor?.dims[axis] as number;
        if (typeof size === 'number') expect(actual, name).toBe(size);
        else expect(actual, `${name} ${size}`).toBe(sizes.get(size) ?? actual);
        if (typeof size === 'string') sizes.set(size, actual);
      }
    }
    const count = (type: NodeType) => given.nodes[type].ids.length;
    const nodes = NODE_TYPES.reduce((sum, type) => sum + count(type), 0);
    expect(sizes.get('m')).toBe(nodes + 1);
    expect(sizes.get('m1')).toBe(nodes - count('activation') + 1);
    const [g, s, b, p, l, a] = NODE_TYPES.map(count) as [number, number, number, number, number, number];
    expect(sizes.get('s')).toBe(4 * g + 5 * s + 4 * b + 3 * p + 6 * l + 5 * a);
    expect(sizes.get('q0')).toBe(3 * g + 4 * s + 3 * b + 2 * p + 5 * l);
    expect(sizes.get('q1')).toBe(3 * g + 4 * s + 3 * b);
  });

  it('every adjacency row sums to 1, or to 0 where nothing arrives', () => {
    const bare = { ...typical, edges: { ...typical.edges, seed__reports__global: edges([]) } };
    const { data, dims } = feedsOf(bare, DEFAULT_DIMS)['sage_adj'] as FloatTensor;
    const [rows = 0, columns = 0] = dims;
    const sums = Array.from({ length: rows }, (_, r) =>
      data.subarray(r * columns, (r + 1) * columns).reduce((a, b) => a + b, 0),
    );
    // reports → global; the first seed has no peer, the first layer no predecessor; four layers nobody monitors.
    expect(sums.filter((sum) => sum === 0)).toHaveLength(1 + 1 + 1 + 4);
    for (const sum of sums) if (sum !== 0) expect(sum).toBeCloseTo(1, 6);
    expect(data.every((_, i) => i % columns !== columns - 1 || data[i] === 0)).toBe(true);
  });

  it('every bucket is open at its sources, or at the null node alone', () => {
    const feeds = feedsOf(typical, DEFAULT_DIMS);
    for (const name of ['gat0_edge', 'gat1_edge']) {
      const { data, dims } = feeds[name] as FloatTensor;
      const [buckets = 0, channels = 0, columns = 0] = dims;
      for (let q = 0; q < buckets; q += 1) {
        const mask = data.subarray((q * channels + channels - 1) * columns, (q * channels + channels) * columns);
        expect(new Set(mask)).toEqual(new Set([0, Math.fround(-1e30)]));
        const open = mask.filter((value) => value === 0).length;
        if (mask[columns - 1] === 0) expect(open).toBe(1);
      }
    }
  });

  it('the feature tensors are the graph itself; compiling leaves the graph alone', () => {
    const before = structuredClone(graph);
    const feeds = feedsOf(graph, DEFAULT_DIMS);
    expect(feeds['x_seed']?.data).toBe(graph.nodes.seed.features);
    expect(graph).toEqual(before);
    expect(feedsOf(graph, DEFAULT_DIMS)).toEqual(feeds);
  });
});
