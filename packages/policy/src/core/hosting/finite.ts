import type { PlainTensor, TensorMap } from '../network/feeds.js';
import { ScatteredTensor } from '../network/scattered-tensor.js';

/** The name of the first float tensor that holds NaN or an infinity; `undefined` when all are finite. */
export function firstNonfinite(tensors: TensorMap): string | undefined {
  for (const [name, tensor] of Object.entries(tensors)) {
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

const EXPONENT = 0x7f80_0000;
const ONE_IN_EXPONENT = 0x0080_0000;

/**
 * NaN and the infinities are the numbers whose exponent bits are all ones: one more in the exponent carries into the sign.
 * So one sign answers for all, without a branch or a conversion per value; a whole input is looked through in microseconds.
 */
function isFiniteArray(values: Float32Array): boolean {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  let carried = 0;
  for (let at = 0; at < bits.length; at += 1) carried |= ((bits[at] as number) & EXPONENT) + ONE_IN_EXPONENT;
  return carried >= 0;
}
