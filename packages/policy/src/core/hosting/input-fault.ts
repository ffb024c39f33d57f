import type { InferenceFailure } from '../../ports.js';
import type { PlainTensor, TensorMap } from '../network/feeds.js';
import { ScatteredTensor } from '../network/scattered-tensor.js';
import { type FiniteCells, firstNonfinite } from './finite.js';

/**
 * Why a model with the inputs `names` is not asked about `inputs`; `undefined` when nothing speaks against it. `known` is kept
 * from call to call.
 */
export function inputFault(
  names: readonly string[],
  inputs: TensorMap,
  known?: FiniteCells,
): InferenceFailure | undefined {
  for (const name of names) {
    const tensor = inputs[name];
    if (tensor === undefined) return failed(`the model needs the input ${name}`);
    const reason = tensor instanceof ScatteredTensor ? undefined : oddity(tensor);
    if (reason !== undefined) return failed(`the input ${name} ${reason}`);
  }
  if (Object.keys(inputs).length !== names.length) {
    const stray = Object.keys(inputs).find((name) => !names.includes(name));
    return failed(`the model knows no input ${stray}`);
  }
  const tensor = firstNonfinite(inputs, known);
  return tensor === undefined ? undefined : { code: 'nonfinite_input', tensor };
}

const failed = (reason: string): InferenceFailure => ({ code: 'inference_failed', reason });

/** Callers without types may send anything: what cannot travel would be the end of the runtime that reads it. */
function oddity({ type, dims, data }: PlainTensor): string | undefined {
  const fits = type === 'float32' ? data instanceof Float32Array : type === 'int64' && data instanceof BigInt64Array;
  if (!fits) return `is of type ${type} and does not hold what that says`;
  return Array.isArray(dims) && dims.every(isSize) ? undefined : 'has a shape that is no list of sizes';
}

const isSize = (dim: number): boolean => dim === dim >>> 0;
