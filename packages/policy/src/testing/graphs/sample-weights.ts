import { invariant } from '@esper/std';
import { DEFAULT_ACTION_PRIOR } from '../../core/network/action-prior.js';
import type { NetworkDims } from '../../core/network/dims.js';
import { initWeights } from '../../core/network/init-weights.js';
import type { WeightTensor } from '../../core/network/tensor-set.js';
import { bindWeights, type PolicyWeights } from '../../core/network/weights.js';
import type { RandomSource } from './sample-graphs.js';

/** Weights in which `change` has replaced the numbers of each tensor. Throws `InvariantError` when they no longer fit. */
export function changedWeights(
  weights: PolicyWeights,
  change: (name: string, tensor: WeightTensor) => Float32Array,
): PolicyWeights {
  const tensors = [...weights.set.tensors].map(([name, tensor]): [string, WeightTensor] => [
    name,
    { shape: tensor.shape, data: change(name, tensor) },
  ]);
  const bound = bindWeights({ ...weights.set, tensors: new Map(tensors) }, weights.dims);
  invariant(bound.ok, 'changed weights keep their names and shapes');
  return bound.value;
}

/**
 * Weights as training leaves them rather than fresh ones: no bias is zero, no gain is one, the policy head depends on the
 * graph. A mistake in any part of a network shows with them; with fresh weights half of them would not.
 */
export function sampleWeights(dims: NetworkDims, random: RandomSource): PolicyWeights {
  const seed = Math.floor(random.fraction() * 2 ** 32);
  const fresh = initWeights({ dims, seed, actionPrior: DEFAULT_ACTION_PRIOR });
  invariant(fresh.ok, `sizes out of range: ${fresh.ok ? '' : JSON.stringify(fresh.error)}`);
  return changedWeights(fresh.value, (name, { data }) => {
    if (name === '_policy_head.weight') return data.map(() => 2 * random.fraction() - 1);
    if (name === '_policy_head.bias') return data.map(() => random.fraction() - 0.5);
    return data.map((value) => 1.5 * value + 0.2 * (random.fraction() - 0.5));
  });
}
