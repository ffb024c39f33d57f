import { SeededRandom } from '@esper/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  compileOpByOp,
  compileWeights,
  DEFAULT_DIMS,
  type EdgeTable,
  type HeteroGraph,
  type NetworkDims,
  type NetworkOutputs,
  opByOpFeeds,
  type PolicyWeights,
  RELATION_KEYS,
  type RelationKey,
  type TensorMap,
} from '../../src/index.js';
import {
  agreementOf,
  approximationError,
  builderLikeGraph,
  changedWeights,
  choices,
  type LoadedModel,
  largestDifference,
  type NamedOutputs,
  NO_CHOICES,
  namedOutputs,
  OUTPUT_TOLERANCE,
  referenceForward,
  sampleWeights,
  seededGraphs,
  TYPICAL_COUNTS,
} from '../../src/testing.js';
import { loadModel } from './onnx-session.js';
import { askCompiled, feedsOf, LIMITS, must, ODD_DIMS, SMALL_DIMS, wildGraph } from './samples.js';

const samples = new Map<NetworkDims, PolicyWeights>();
function weightsOf(dims: NetworkDims): PolicyWeights {
  const weights = samples.get(dims) ?? sampleWeights(dims, new SeededRandom(17));
  samples.set(dims, weights);
  return weights;
}

const reference = (graph: HeteroGraph, dims: NetworkDims) => must(referenceForward(graph, weightsOf(dims)));
const difference = (a: NetworkOutputs, b: NetworkOutputs) => largestDifference(namedOutputs(a), namedOutputs(b));

/** The op-by-op form's answer, under the names of the PyTorch module. */
async function askOpByOp(model: LoadedModel, graph: HeteroGraph, dims: NetworkDims): Promise<NamedOutputs> {
  const outputs = await model.run(must(opByOpFeeds(graph, { dims, limits: LIMITS })));
  const named = Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
  return { ...named, param_delta: named['policy_params']?.subarray(0, 1) as Float32Array };
}

let compiled: LoadedModel;
let odd: LoadedModel;
let opByOp: LoadedModel;

beforeAll(async () => {
  compiled = await loadModel(compileWeights(weightsOf(SMALL_DIMS)));
  odd = await loadModel(compileWeights(weightsOf(ODD_DIMS)));
  opByOp = await loadModel(must(compileOpByOp(weightsOf(SMALL_DIMS))));
}, 120_000);

afterAll(async () => {
  await Promise.all([compiled, odd, opByOp].map((model) => model?.release()));
});

describe('the compiled form against the reference forward', () => {
  it('agrees on 100 graphs with anything odd about them, and makes the same choices', async () => {
    let tally = NO_CHOICES;
    for (let seed = 1; seed <= 100; seed += 1) {
      const graph = wildGraph(SMALL_DIMS, seed);
      const ours = await askCompiled(compiled, graph, SMALL_DIMS);
      const theirs = reference(graph, SMALL_DIMS);
      expect(difference(theirs, ours), `seed ${seed}`).toBeLessThan(OUTPUT_TOLERANCE);
      tally = agreementOf(choices(theirs), choices(ours), tally);
    }
    expect(tally.differing).toBe(0);
    expect(tally.same).toBeGreaterThan(8 * tally.close);
  });

  it('agrees when every size is unlike the default and hidden widths are equal', async () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const graph = wildGraph(ODD_DIMS, seed);
      const ours = await askCompiled(odd, graph, ODD_DIMS);
      expect(difference(reference(graph, ODD_DIMS), ours), `seed ${seed}`).toBeLessThan(OUTPUT_TOLERANCE);
    }
  });

  it.each(['seed', 'blueprint', 'parameter', 'layer', 'activation'] as const)(
    'P-D26: agrees without any %s, instead of phantom rows',
    async (type) => {
      const graph = wildGraph(SMALL_DIMS, 8, { ...TYPICAL_COUNTS, [type]: 0 });
      const ours = await askCompiled(compiled, graph, SMALL_DIMS);
      expect(difference(reference(graph, SMALL_DIMS), ours)).toBeLessThan(OUTPUT_TOLERANCE);
    },
  );

  it('agrees on a graph of global nodes alone, and on one at the node limit', async () => {
    const lonely = { seed: 0, blueprint: 0, parameter: 0, layer: 0, activation: 0 };
    const large = { global: 1, seed: 64, blueprint: 8, parameter: 63, layer: 90, activation: 30 };
    for (const counts of [{ ...lonely, global: 1 }, { ...lonely, global: 3 }, large]) {
      const graph = wildGraph(SMALL_DIMS, 2, counts);
      const ours = await askCompiled(compiled, graph, SMALL_DIMS);
      expect(difference(reference(graph, SMALL_DIMS), ours)).toBeLessThan(OUTPUT_TOLERANCE);
    }
  });
});

describe('the op-by-op form against the reference forward', () => {
  it('agrees on 50 graphs with all relations', async () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const graph = wildGraph(SMALL_DIMS, seed);
      const ours = await askOpByOp(opByOp, graph, SMALL_DIMS);
      const theirs = namedOutputs(reference(graph, SMALL_DIMS));
      expect(largestDifference(theirs, ours), `seed ${seed}`).toBeLessThan(OUTPUT_TOLERANCE);
    }
  });

  it('P-D41: agrees when relations are missing, with a model built for what is there', async () => {
    const missing: RelationKey[] = ['seed__peer__seed', 'layer__feeds__activation', 'layer__feedback__global'];
    const present = new Set(RELATION_KEYS.filter((key) => !missing.includes(key)));
    const model = await loadModel(must(compileOpByOp(weightsOf(SMALL_DIMS), present)));
    for (let seed = 1; seed <= 10; seed += 1) {
      const full = wildGraph(SMALL_DIMS, seed);
      const edges = Object.fromEntries(Object.entries(full.edges).filter(([key]) => present.has(key as RelationKey)));
      const graph = { ...full, edges };
      const ours = await askOpByOp(model, graph, SMALL_DIMS);
      const theirs = namedOutputs(reference(graph, SMALL_DIMS));
      expect(largestDifference(theirs, ours), `seed ${seed}`).toBeLessThan(OUTPUT_TOLERANCE);
    }
    await model.release();
  });
});

describe('repeatability', () => {
  const graph = builderLikeGraph(TYPICAL_COUNTS, SMALL_DIMS, new SeededRandom(5));
  const bits = (outputs: TensorMap): string =>
    ['heads', 'seed_scores', 'blueprint_scores']
      .map((name) => Buffer.from(Float32Array.from(outputs[name]?.data as Float32Array).buffer).toString('hex'))
      .join();

  it('P-D1: two runs on equal feeds are bit-equal, in one session and across sessions', async () => {
    const first = bits(await compiled.run(feedsOf(graph, SMALL_DIMS)));
    for (let i = 0; i < 20; i += 1) expect(bits(await compiled.run(feedsOf(graph, SMALL_DIMS)))).toBe(first);
    const again = await loadModel(compileWeights(weightsOf(SMALL_DIMS)));
    expect(bits(await again.run(feedsOf(graph, SMALL_DIMS)))).toBe(first);
    await again.release();
    expect(first.length).toBeGreaterThan(8 * (32 + 3 + 5 + 1 + 2 + 4 + 2 + SMALL_DIMS.gatHiddenWidth));
  });

  it('a graph in between leaves no trace', async () => {
    const before = bits(await compiled.run(feedsOf(graph, SMALL_DIMS)));
    await compiled.run(feedsOf(wildGraph(SMALL_DIMS, 99), SMALL_DIMS));
    expect(bits(await compiled.run(feedsOf(graph, SMALL_DIMS)))).toBe(before);
  });
});

describe('the comparison bites', () => {
  const graph = builderLikeGraph(TYPICAL_COUNTS, SMALL_DIMS, new SeededRandom(5));

  it('a dropped or rewired edge, a feature or an attribute moved by 0.01: each shows in the compiled form', async () => {
    const base = await askCompiled(compiled, graph, SMALL_DIMS);
    const key = 'layer__feedback__global';
    const edges = graph.edges[key] as EdgeTable;
    const last = edges.source.length - 1;
    const dropped = {
      ...edges,
      source: edges.source.slice(0, last),
      target: edges.target.slice(0, last),
      attributes: edges.attributes.slice(0, 3 * last),
    };
    const chain = graph.edges['layer__connects__layer'] as EdgeTable;
    const nudged = (values: Float32Array) => values.map((value, i) => (i === 0 ? value + 0.01 : value));
    const changes: HeteroGraph[] = [
      { ...graph, edges: { ...graph.edges, [key]: dropped } },
      { ...graph, edges: { ...graph.edges, layer__connects__layer: { ...chain, target: chain.target.with(0, 5) } } },
      { ...graph, edges: { ...graph.edges, [key]: { ...edges, attributes: nudged(edges.attributes) } } },
      {
        ...graph,
        nodes: { ...graph.nodes, layer: { ...graph.nodes.layer, features: nudged(graph.nodes.layer.features) } },
      },
    ];
    for (const [i, changed] of changes.entries()) {
      const ours = await askCompiled(compiled, changed, SMALL_DIMS);
      expect(difference(base, ours), `change ${i}`).toBeGreaterThan(1e-6);
      expect(difference(reference(changed, SMALL_DIMS), ours), `change ${i}`).toBeLessThan(OUTPUT_TOLERANCE);
    }
  });

  it('every tensor of the checkpoint that the reference reads is read by the compiled form, to the same effect', async () => {
    const weights = weightsOf(SMALL_DIMS);
    const base = reference(graph, SMALL_DIMS);
    const random = new SeededRandom(23);
    const tensors = [...weights.set.tensors.keys()];
    let moved = 0;
    for (let i = 0; i < 40; i += 1) {
      const changed = random.pick(tensors);
      const other = changedWeights(weights, (name, { data }) =>
        name === changed ? data.map((value) => value + 0.3) : data,
      );
      const theirs = must(referenceForward(graph, other));
      const model = await loadModel(compileWeights(other));
      expect(difference(theirs, await askCompiled(model, graph, SMALL_DIMS)), changed).toBeLessThan(OUTPUT_TOLERANCE);
      await model.release();
      if (difference(base, theirs) > 10 * OUTPUT_TOLERANCE) moved += 1;
    }
    expect(moved).toBeGreaterThan(15);
  });
});

describe('int8 weights', () => {
  it('err within 5 % of the spread of the outputs, and almost always choose alike', async () => {
    const weights = weightsOf(DEFAULT_DIMS);
    const [full, small] = await Promise.all(
      (['float32', 'int8'] as const).map((format) => loadModel(compileWeights(weights, { format }))),
    );
    const graphs = [
      ...Array.from({ length: 10 }, (_, i) => wildGraph(DEFAULT_DIMS, i + 1)),
      ...seededGraphs(DEFAULT_DIMS, { count: 10, seed: 1 }),
    ];
    const ask = (model: LoadedModel | undefined) => (feeds: TensorMap) => (model as LoadedModel).run(feeds);
    const error = await approximationError({ dims: DEFAULT_DIMS, exact: ask(full), rounded: ask(small) }, graphs);
    expect(error).toMatchObject({ graphs: 20 });
    expect(error.choices).toBeGreaterThan(60);
    expect(error.relativeRms).toBeLessThan(0.05);
    expect(error.relativeRms).toBeGreaterThan(1e-4);
    expect(error.agreementRate).toBeGreaterThan(0.9);
    const none = await approximationError({ dims: DEFAULT_DIMS, exact: ask(full), rounded: ask(full) }, graphs);
    expect(none).toMatchObject({ relativeRms: 0, agreementRate: 1 });
    await Promise.all([full?.release(), small?.release()]);
  });
});
