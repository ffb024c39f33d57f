import type { PlainTensor, TensorMap } from '../network/feeds.js';
import { ScatteredTensor } from '../network/scattered-tensor.js';

/** The name of the first float tensor that holds NaN or an infinity; `undefined` when all are finite. */
export function firstNonfinite(tensors: TensorMap): string | undefined {
  for (const name of Object.keys(tensors)) {
    const tensor = tensors[name] as PlainTensor;
    if (tensor.type === 'float32' && !holdsFinite(tensor)) return name;
  }
  return undefined;
}

type FloatTensor = Extract<PlainTensor, { readonly type: 'float32' }>;

/** All a scattered tensor can hold is in its pattern and its values. */
const holdsFinite = (tensor: FloatTensor): boolean =>
  tensor instanceof ScatteredTensor
    ? isFiniteArray(tensor.pattern) && isFiniteArray(tensor.values)
    : isFiniteArray(tensor.data);

/** A finite number times 0 is a zero, NaN and the infinities times 0 are NaN: one sum answers for all, without a branch per value. */
function isFiniteArray(values: Float32Array): boolean {
  let zeros = 0;
  for (let at = 0; at < values.length; at += 1) zeros += (values[at] as number) * 0;
  return zeros === 0;
}
