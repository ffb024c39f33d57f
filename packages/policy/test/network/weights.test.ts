import { describe, expect, it } from 'vitest';
import {
  bindWeights,
  checkDims,
  DEFAULT_ACTION_PRIOR,
  DEFAULT_DIMS,
  dimsOfTensors,
  initWeights,
  type NetworkDims,
  PRIOR_ACTIONS,
  PROTOTYPE_DIMS,
  parseActionPrior,
  readSafetensors,
  type TensorSet,
  type WeightTensor,
  weightShapes,
  writeSafetensors,
} from '../../src/index.js';
import { must, ODD_DIMS, SMALL_DIMS } from './samples.js';

const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const fresh = (dims: NetworkDims, seed = 1) => must(initWeights({ dims, seed, actionPrior: DEFAULT_ACTION_PRIOR }));
const largest = (data: Float32Array): number => data.reduce((max, value) => Math.max(max, Math.abs(value)), 0);

/** The same tensors with one change. */
function edited(set: TensorSet, edit: (tensors: Map<string, WeightTensor>) => void): TensorSet {
  const tensors = new Map(set.tensors);
  edit(tensors);
  return { ...set, tensors };
}

describe('names and shapes', () => {
  it('PB-19: the prototype sizes have 466 tensors and 13,953,971 numbers', () => {
    const shapes = [...weightShapes(PROTOTYPE_DIMS).values()];
    expect(shapes).toHaveLength(466);
    expect(shapes.reduce((sum, shape) => sum + product(shape), 0)).toBe(13_953_971);
    expect(PROTOTYPE_DIMS).toMatchObject({
      attentionHeadCount: 4,
      policyClassCount: 32,
      riskClassCount: 5,
      edgeFeatureWidth: 3,
    });
  });

  it('follows the state dict of the PyTorch module', () => {
    const shapes = weightShapes(PROTOTYPE_DIMS);
    expect(shapes.get('_node_encoders.seed.0.weight')).toEqual([256, 14]);
    expect(shapes.get('_sage_layers.1.convs.<layer___belongs_to___blueprint>.lin_l.bias')).toEqual([256]);
    expect(shapes.get('_gat_layers.0.convs.<blueprint___monitored_by___global>.att_edge')).toEqual([1, 4, 128]);
    expect(shapes.get('_gat_layers.1.convs.<seed___peer___seed>.lin_dst.weight')).toEqual([512, 128]);
    expect(shapes.get('_schedule_head.0.weight')).toEqual([64, 128]);
    expect([...shapes.keys()]).toEqual([...shapes.keys()].sort());
  });
});

describe('binding weights to sizes', () => {
  const { set } = fresh(SMALL_DIMS);
  const name = '_policy_head.bias';

  it('refuses a missing, a surplus, a misshapen and a non-finite tensor by name', () => {
    const refusal = (edit: (tensors: Map<string, WeightTensor>) => void) => bindWeights(edited(set, edit), SMALL_DIMS);
    expect(refusal((tensors) => tensors.delete(name))).toEqual({
      ok: false,
      error: { code: 'weights_missing', tensor: name },
    });
    expect(refusal((tensors) => tensors.set('module.x', { shape: [1], data: Float32Array.of(1) }))).toEqual({
      ok: false,
      error: { code: 'weights_unexpected', tensor: 'module.x' },
    });
    expect(refusal((tensors) => tensors.set(name, { shape: [1], data: Float32Array.of(1) }))).toEqual({
      ok: false,
      error: { code: 'weights_shape', tensor: name, expected: [32], actual: [1] },
    });
    const damaged = new Float32Array(32).fill(Number.NaN, 31);
    expect(refusal((tensors) => tensors.set(name, { shape: [32], data: damaged }))).toEqual({
      ok: false,
      error: { code: 'weights_nonfinite', tensor: name },
    });
  });

  it('refuses data that does not fill its shape', () => {
    const short = edited(set, (tensors) => tensors.set(name, { shape: [32], data: new Float32Array(31) }));
    expect(bindWeights(short, SMALL_DIMS)).toMatchObject({ error: { code: 'weights_shape', tensor: name } });
  });

  it('P-D39: weights of other sizes are refused, not taken modulo something', () => {
    expect(bindWeights(set, { ...SMALL_DIMS, blendingClassCount: 4 })).toMatchObject({
      error: { code: 'weights_shape', tensor: '_blending_head.bias' },
    });
  });

  it.each([SMALL_DIMS, ODD_DIMS, DEFAULT_DIMS])('the sizes can be read back from the shapes', (dims) => {
    expect(must(dimsOfTensors(fresh(dims).set))).toEqual(dims);
  });

  it('names the size that a strange checkpoint lacks', () => {
    const strange = edited(set, (tensors) => tensors.delete('_risk_head.weight'));
    expect(dimsOfTensors(strange)).toMatchObject({ error: { code: 'network_dims_invalid', field: 'riskClassCount' } });
  });
});

describe('sizes', () => {
  it.each(Object.keys(DEFAULT_DIMS) as (keyof NetworkDims)[])('%s must be a whole number in its range', (field) => {
    expect(checkDims(DEFAULT_DIMS)).toEqual({ ok: true, value: DEFAULT_DIMS });
    for (const actual of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1e9]) {
      expect(checkDims({ ...DEFAULT_DIMS, [field]: actual })).toMatchObject({
        ok: false,
        error: { code: 'network_dims_invalid', field, actual },
      });
    }
  });
});

describe('fresh weights', () => {
  it('one seed gives one file, another seed another', () => {
    const bytes = (seed: number) => writeSafetensors(fresh(SMALL_DIMS, seed).set);
    expect(Buffer.compare(bytes(5), bytes(5))).toBe(0);
    expect(Buffer.compare(bytes(5), bytes(6))).not.toBe(0);
    expect(must(readSafetensors(bytes(5))).tensors.size).toBe(466);
  });

  it('draws each layer from the distribution its prototype starts from', () => {
    const weights = fresh(PROTOTYPE_DIMS);
    const gat = '_gat_layers.0.convs.<seed___peer___seed>';
    const bounds: [string, number][] = [
      ['_node_encoders.layer.0.weight', 1 / Math.sqrt(12)],
      ['_node_encoders.layer.0.bias', 1 / Math.sqrt(12)],
      ['_sage_layers.0.convs.<seed___peer___seed>.lin_l.weight', 1 / 16],
      ['_sage_layers.0.convs.<seed___peer___seed>.lin_r.weight', 1 / 16],
      [`${gat}.lin_src.weight`, Math.sqrt(6 / (512 + 256))],
      [`${gat}.lin_edge.weight`, Math.sqrt(6 / (512 + 3))],
      [`${gat}.att_src`, Math.sqrt(6 / (4 + 128))],
      ['_risk_head.weight', 1 / Math.sqrt(128)],
    ];
    for (const [name, bound] of bounds) {
      const values = weights.values(name);
      const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
      expect(largest(values), name).toBeLessThanOrEqual(bound);
      expect(largest(values), name).toBeGreaterThan(0.95 * bound);
      if (values.length > 1000) expect(Math.sqrt(variance), name).toBeCloseTo(bound / Math.sqrt(3), 2);
    }
    expect(largest(weights.values(`${gat}.bias`))).toBe(0);
    expect(weights.values('_node_encoders.seed.2.weight').every((value) => value === 1)).toBe(true);
    expect(largest(weights.values('_node_encoders.seed.2.bias'))).toBe(0);
  });

  it('P-D6: a fresh network prefers what its prior says, not the first class', () => {
    const softmax = (prior: Parameters<typeof initWeights>[0]['actionPrior']): number[] => {
      const weights = must(initWeights({ dims: SMALL_DIMS, seed: 1, actionPrior: prior }));
      expect(largest(weights.values('_policy_head.weight'))).toBe(0);
      const exps = [...weights.values('_policy_head.bias')].map(Math.exp);
      const total = exps.reduce((a, b) => a + b, 0);
      return exps.map((value) => value / total);
    };
    const byDefault = softmax(DEFAULT_ACTION_PRIOR);
    expect(byDefault.indexOf(Math.max(...byDefault))).toBe(PRIOR_ACTIONS.indexOf('pause'));
    const other = softmax({ seed: 0.25, breaker_close: 0.75 });
    expect(other[0]).toBeCloseTo(0.25, 4);
    expect(other[4]).toBeCloseTo(0.75, 4);
    for (const i of [1, 2, 3, 5, 31]) expect(other[i]).toBeLessThan(2e-6);
  });

  it('refuses sizes, priors and seeds that are none', () => {
    const options = { dims: SMALL_DIMS, seed: 1, actionPrior: DEFAULT_ACTION_PRIOR };
    expect(initWeights({ ...options, dims: { ...SMALL_DIMS, gatHiddenWidth: 0 } })).toMatchObject({
      error: { code: 'network_dims_invalid', field: 'gatHiddenWidth' },
    });
    expect(initWeights({ ...options, actionPrior: { seed: 0.5 } })).toMatchObject({
      error: { code: 'action_prior_invalid' },
    });
    expect(() => initWeights({ ...options, seed: -1 })).toThrow('not a 32-bit seed: -1');
    expect(() => initWeights({ ...options, seed: 0.5 })).toThrow('not a 32-bit seed: 0.5');
  });
});

describe('action priors as text', () => {
  it('reads probabilities by action', () => {
    expect(parseActionPrior('seed=0.2, optimizer=0.3,pause=0.5')).toEqual({
      ok: true,
      value: { seed: 0.2, optimizer: 0.3, pause: 0.5 },
    });
  });

  it.each([
    ['', 'unknown action ""'],
    ['prune=1', 'unknown action "prune"'],
    ['seed=0.5,seed=0.5', 'seed stands twice'],
    ['seed', '"seed" is not of the form action=probability'],
    ['seed=1=1', '"seed=1=1" is not of the form action=probability'],
    ['seed=x', 'seed is NaN, expected 0 to 1'],
    ['seed=-0.5,pause=1.5', 'seed is -0.5, expected 0 to 1'],
    ['seed=0.5,pause=0.4', 'the probabilities sum to 0.9, expected 1'],
  ])('refuses %j: %s', (text, reason) => {
    expect(parseActionPrior(text)).toEqual({ ok: false, error: { code: 'action_prior_invalid', reason } });
  });
});
