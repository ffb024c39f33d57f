import type { TensorMap } from '../network/feeds.js';

/** The name of the first float tensor that holds NaN or an infinity; `undefined` when all are finite. */
export function firstNonfinite(tensors: TensorMap): string | undefined {
  for (const [name, tensor] of Object.entries(tensors)) {
    if (tensor.type === 'float32' && !isFiniteArray(tensor.data)) return name;
  }
  return undefined;
}

/** `v * 0` is 0 for every finite number and NaN for the others, so one sum answers for all without a branch per value. */
function isFiniteArray(values: Float32Array): boolean {
  let sum = 0;
  for (const value of values) sum += value * 0;
  return sum === 0;
}
