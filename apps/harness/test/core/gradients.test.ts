import { describe, expect, it } from 'vitest';
import { BLOCK_PARAMETERS } from '../../src/core/block.js';
import { initialBlock, initialHost } from '../../src/core/initial-weights.js';
import {
  type Batch,
  backpropagate,
  evaluate,
  HOST_PARAMETERS,
  logitsOf,
  type Network,
} from '../../src/core/network.js';
import { randomStream } from '../../src/core/random.js';

const shape = { inputs: 9, width: 6, classes: 4 };

function network(mixing: 'convex' | 'residual', gain: number): Network {
  const random = randomStream(7, 'gradient check');
  // Away from zero: where a rectifier's input is exactly 0 the loss has no slope to compare with.
  const jitter = (bias: Float64Array) => bias.map(() => 0.1 * random.normal());
  const graft = (rank: number) => {
    const weights = initialBlock({ width: shape.width, rank, outputScale: 0.8 }, random);
    return {
      mixing,
      rank,
      weights: { ...weights, 'down.bias': jitter(weights['down.bias']), 'up.bias': jitter(weights['up.bias']) },
      gain: Float64Array.from({ length: shape.width }, (_, channel) => gain * (1 - channel / 20)),
    };
  };
  const plain = initialHost(shape, random);
  const host = {
    ...plain,
    'fc1.bias': jitter(plain['fc1.bias']),
    'fc2.bias': jitter(plain['fc2.bias']),
    'head.bias': jitter(plain['head.bias']),
  };
  return {
    shape,
    host,
    grafts: [
      { seedId: 'a', site: 0, graft: graft(3) },
      { seedId: 'b', site: 0, graft: graft(2) },
      { seedId: 'c', site: 1, graft: graft(5) },
    ],
  };
}

function batch(rows: number): Batch {
  const random = randomStream(8, 'batch');
  return {
    features: Float64Array.from({ length: rows * shape.inputs }, () => random.normal()),
    labels: Uint8Array.from({ length: rows }, () => random.below(shape.classes)),
  };
}

/** Compares each analytic derivative with the slope between two nearby losses. */
function worstError(at: Network, data: Batch, tensor: Float64Array, gradient: Float64Array): number {
  const distance = 1e-6;
  let worst = 0;
  for (let index = 0; index < tensor.length; index += 1) {
    const value = tensor[index] as number;
    tensor[index] = value + distance;
    const above = evaluate(at, data).loss;
    tensor[index] = value - distance;
    const below = evaluate(at, data).loss;
    tensor[index] = value;
    const slope = (above - below) / (2 * distance);
    worst = Math.max(worst, Math.abs(slope - (gradient[index] as number)));
  }
  return worst;
}

describe.each(['convex', 'residual'] as const)('%s grafts', (mixing) => {
  const data = batch(11);
  it.each([0.4, 1])('every gradient is the slope of the loss (gain %d)', (gain) => {
    const at = network(mixing, gain);
    const { gradients } = backpropagate(at, data);
    for (const name of HOST_PARAMETERS) {
      expect(worstError(at, data, at.host[name], gradients.host[name]), name).toBeLessThan(1e-7);
    }
    for (const { seedId, graft } of at.grafts) {
      for (const name of BLOCK_PARAMETERS) {
        const gradient = gradients.grafts.get(seedId)?.[name] as Float64Array;
        expect(worstError(at, data, graft.weights[name], gradient), `${seedId} ${name}`).toBeLessThan(1e-7);
        expect(gradient.some((value) => value !== 0)).toBe(true);
      }
    }
  });

  it('a graft at gain 0 changes no output, to the bit', () => {
    const grafted = network(mixing, 0);
    expect(logitsOf(grafted, data)).toEqual(logitsOf({ ...grafted, grafts: [] }, data));
  });

  it('outputs move continuously with the gain', () => {
    const before = logitsOf(network(mixing, 0.5), data);
    const far = logitsOf(network(mixing, 1), data);
    const near = logitsOf(network(mixing, 0.5001), data);
    const largest = (a: Float64Array, b: Float64Array) =>
      Math.max(...a.map((value, at) => Math.abs(value - (b[at] ?? 0))));
    expect(largest(before, far)).toBeGreaterThan(1e-2);
    expect(largest(before, near)).toBeLessThan(largest(before, far) / 500);
  });
});

it('NaN in the weights is NaN in the loss, not a healthy number', () => {
  const at = network('convex', 0.5);
  at.host['fc1.weight'][0] = Number.NaN;
  expect(evaluate(at, batch(5)).loss).toBeNaN();
  expect(backpropagate(at, batch(5)).gradients.host['fc1.weight'][0]).toBeNaN();
});
