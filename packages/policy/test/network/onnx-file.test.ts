import { fromBinary } from '@bufbuild/protobuf';
import { SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import {
  compiledInputs,
  compiledOutputs,
  compileOpByOp,
  compileWeights,
  DEFAULT_ACTION_PRIOR,
  DEFAULT_DIMS,
  initWeights,
  PROTOTYPE_DIMS,
  RELATION_KEYS,
} from '../../src/index.js';
import { changedWeights, sampleWeights } from '../../src/testing.js';
import { type Model, ModelSchema, type ValueInfo } from '../../src/wire/onnx/gen/onnx_subset_pb.js';
import { must, ODD_DIMS, SMALL_DIMS } from './samples.js';

const weights = sampleWeights(SMALL_DIMS, new SeededRandom(1));
const decode = (bytes: Uint8Array): Model => fromBinary(ModelSchema, bytes);
const names = (ports: readonly ValueInfo[] = []): string[] => ports.map(({ name }) => name);
const operators = (model: Model): Set<string> => new Set(model.graph?.node.map(({ opType }) => opType));

describe('the compiled file', () => {
  it('says opset 20, IR 9, and no operators beside the standard ones', () => {
    const model = decode(compileWeights(weights));
    expect(model.irVersion).toBe(9n);
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([['', 20n]]);
    expect(model.graph?.node.every(({ domain }) => domain === '')).toBe(true);
  });

  it('P-D1: neither form has a dropout, or anything else that draws random numbers', () => {
    for (const bytes of [compileWeights(weights), must(compileOpByOp(weights))]) {
      expect(
        [...operators(decode(bytes))].filter((name) => /dropout|random|bernoulli|multinomial/i.test(name)),
      ).toEqual([]);
    }
  });

  it('has the eleven inputs and three outputs of its contract', () => {
    const { graph } = decode(compileWeights(weights));
    expect(names(graph?.input)).toEqual(compiledInputs(SMALL_DIMS).map(({ name }) => name));
    expect(names(graph?.input)).toHaveLength(11);
    expect(names(graph?.output)).toEqual(compiledOutputs(SMALL_DIMS).map(({ name }) => name));
  });

  it('holds under half of the numbers and under 150 operators, at the prototype sizes', () => {
    const prototype = must(initWeights({ dims: PROTOTYPE_DIMS, seed: 1, actionPrior: DEFAULT_ACTION_PRIOR }));
    const bytes = compileWeights(prototype);
    expect(decode(bytes).graph?.node.length).toBeLessThan(150);
    expect(bytes.length).toBeGreaterThan(26_000_000);
    expect(bytes.length).toBeLessThan(26_500_000);
  });

  it('equal weights give equal bytes; any other weight that is read gives others', () => {
    for (const format of ['float32', 'int8'] as const) {
      const bytes = compileWeights(weights, { format });
      expect(Buffer.compare(bytes, compileWeights(weights, { format }))).toBe(0);
      const other = changedWeights(weights, (name, { data }) =>
        name === '_sage_layers.0.convs.<seed___peer___seed>.lin_l.weight' ? data.map((value) => 2 * value) : data,
      );
      expect(Buffer.compare(bytes, compileWeights(other, { format }))).not.toBe(0);
    }
    expect(Buffer.compare(must(compileOpByOp(weights)), must(compileOpByOp(weights)))).toBe(0);
  });

  it('int8 stores the large matrices in a byte each and says whose operators it needs', () => {
    const wide = sampleWeights(DEFAULT_DIMS, new SeededRandom(2));
    const [full, small] = [compileWeights(wide), compileWeights(wide, { format: 'int8' })];
    expect(small.length / full.length).toBeLessThan(0.3);
    const model = decode(small);
    expect(model.opsetImport.map(({ domain }) => domain)).toEqual(['', 'com.microsoft']);
    expect(model.graph?.node.filter(({ opType }) => opType === 'DynamicQuantizeMatMul')).toHaveLength(6 + 6 + 5 + 3);
  });
});

describe('the op-by-op file', () => {
  it('has 48 inputs and 10 outputs for all relations, two inputs less for each missing one', () => {
    const full = decode(must(compileOpByOp(weights))).graph;
    expect(full?.input).toHaveLength(48);
    expect(full?.output).toHaveLength(10);
    expect(names(full?.input)).toContain('edge_index_layer__monitored_by__seed');
    const some = new Set(RELATION_KEYS.filter((key) => !key.includes('feeds')));
    expect(decode(must(compileOpByOp(weights, some))).graph?.input).toHaveLength(46);
  });

  it('refuses a set of relations that loses a node type somebody needs, and drops a lost score', () => {
    const intoSeed = new Set(RELATION_KEYS.filter((key) => !key.endsWith('__seed')));
    expect(compileOpByOp(weights, intoSeed)).toEqual({
      ok: false,
      error: { code: 'node_type_unreachable', nodeType: 'seed' },
    });
    const withoutSeeds = new Set(RELATION_KEYS.filter((key) => !key.includes('seed')));
    expect(names(decode(must(compileOpByOp(weights, withoutSeeds))).graph?.output)).not.toContain('seed_scores');
  });

  it('is dimension-generic', () => {
    const odd = sampleWeights(ODD_DIMS, new SeededRandom(3));
    const { graph } = decode(must(compileOpByOp(odd)));
    const logits = graph?.output.find(({ name }) => name === 'policy_logits')?.type?.tensorType?.shape?.dim;
    expect(logits?.map(({ value }) => value.value)).toEqual([1n, 7n]);
  });
});
