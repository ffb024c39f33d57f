import { describe, expect, it } from 'vitest';
import { DEFAULT_DIMS, type PlainTensor, splitOutputs, type TensorMap } from '../../src/index.js';
import { must } from './samples.js';

const WIDTH = 32 + 3 + 5 + 1 + 2 + 4 + 2 + 64;
const expected = { dims: DEFAULT_DIMS, seedCount: 2, blueprintCount: 1 };
type FloatTensor = Extract<PlainTensor, { type: 'float32' }>;
const tensor = (rows: number, width: number, start = 0): FloatTensor => ({
  type: 'float32',
  dims: [rows, width],
  data: Float32Array.from({ length: rows * width }, (_, i) => start + i),
});
const good: TensorMap = {
  heads: tensor(1, WIDTH),
  seed_scores: tensor(2, 1, 500),
  blueprint_scores: tensor(1, 1, 600),
};
const refusal = (change: Record<string, PlainTensor>) => {
  const result = splitOutputs({ ...good, ...change }, expected);
  return result.ok ? 'accepted' : result.error;
};

describe('cutting the outputs into fields', () => {
  it('follows the order of the contract', () => {
    const outputs = must(splitOutputs(good, expected));
    const range = (from: number, count: number) => Float32Array.from({ length: count }, (_, i) => from + i);
    expect(outputs).toEqual({
      policyLogits: range(0, 32),
      blendingLogits: range(32, 3),
      riskLogits: range(35, 5),
      value: 40,
      breakerLogits: range(41, 2),
      policyParams: range(43, 4),
      schedule: range(47, 2),
      graphEmbedding: range(49, 64),
      seedScores: Float32Array.of(500, 501),
      blueprintScores: Float32Array.of(600),
    });
  });

  it('copies: the tensors may be reused', () => {
    const heads = tensor(1, WIDTH);
    const outputs = must(splitOutputs({ ...good, heads }, expected));
    (heads.data as Float32Array).fill(-1);
    expect(outputs.policyLogits[1]).toBe(1);
  });

  it('drops the score rows of copies, and refuses too few rows', () => {
    const more = must(splitOutputs({ ...good, seed_scores: tensor(4, 1, 500) }, expected));
    expect(more.seedScores).toEqual(Float32Array.of(500, 501));
    expect(refusal({ seed_scores: tensor(1, 1) })).toEqual({
      code: 'output_shape_invalid',
      tensor: 'seed_scores',
      expected: 'float32 [≥ 2, 1]',
      actual: 'float32 [1, 1]',
    });
  });

  it('P-D7: one non-finite number anywhere refuses the whole answer', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const [name, width] of [
        ['heads', WIDTH],
        ['seed_scores', 2],
        ['blueprint_scores', 1],
      ] as const) {
        for (let at = 0; at < width; at += 1) {
          const data = Float32Array.from(good[name]?.data as Float32Array);
          data[at] = value;
          const damaged: PlainTensor = { type: 'float32', dims: good[name]?.dims ?? [], data };
          expect(refusal({ [name]: damaged }), `${name} ${at}`).toEqual({ code: 'nonfinite_output', tensor: name });
        }
      }
    }
  });

  it('P-D39: an output of another width, rank or type is refused', () => {
    expect(refusal({ heads: tensor(1, WIDTH - 1) })).toMatchObject({ code: 'output_shape_invalid', tensor: 'heads' });
    expect(refusal({ heads: tensor(2, WIDTH) })).toMatchObject({ code: 'output_shape_invalid' });
    const flat = { ...tensor(1, WIDTH), dims: [WIDTH] };
    expect(refusal({ heads: flat })).toMatchObject({ code: 'output_shape_invalid', actual: `float32 [${WIDTH}]` });
    const longs: PlainTensor = { type: 'int64', dims: [1, WIDTH], data: new BigInt64Array(WIDTH) };
    expect(refusal({ heads: longs })).toMatchObject({ code: 'output_shape_invalid' });
    const short = { ...tensor(1, WIDTH), data: new Float32Array(3) };
    expect(refusal({ heads: short })).toMatchObject({ code: 'output_shape_invalid' });
    expect(splitOutputs({}, expected)).toMatchObject({ error: { tensor: 'heads', actual: 'nothing' } });
  });
});
