import type { PlainTensor, TensorMap } from '../network/feeds.js';
import { type Cells, ScatteredTensor } from '../network/scattered-tensor.js';

/** Shared cells that were found finite: they are looked at once. */
export type FiniteCells = WeakSet<Cells>;

/** The name of the first float tensor that holds NaN or an infinity; `undefined` when all are finite. */
export function firstNonfinite(tensors: TensorMap, known?: FiniteCells): string | undefined {
  for (const name of Object.keys(tensors)) {
    const tensor = tensors[name] as PlainTensor;
    if (tensor.type === 'float32' && !holdsFinite(tensor, known)) return name;
  }
  return undefined;
}

type FloatTensor = Extract<PlainTensor, { readonly type: 'float32' }>;

/** All a scattered tensor can hold is in its pattern and its cells. */
function holdsFinite(tensor: FloatTensor, known: FiniteCells | undefined): boolean {
  if (!(tensor instanceof ScatteredTensor)) return isFiniteArray(tensor.data);
  const { pattern, shared, own } = tensor;
  return isFiniteArray(pattern) && isFiniteArray(own.values) && isFiniteShared(shared, known);
}

function isFiniteShared(shared: Cells, known: FiniteCells | undefined): boolean {
  if (known?.has(shared) === true) return true;
  if (!isFiniteArray(shared.values)) return false;
  known?.add(shared);
  return true;
}

/**
 * A finite number times 0 is a zero, NaN and the infinities times 0 are NaN: a sum answers for all, without a branch per
 * value. Four sums, because an addition waits for the one before it.
 */
function isFiniteArray(values: Float32Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  let at = 0;
  for (; at + 3 < values.length; at += 4) {
    a += (values[at] as number) * 0;
    b += (values[at + 1] as number) * 0;
    c += (values[at + 2] as number) * 0;
    d += (values[at + 3] as number) * 0;
  }
  for (; at < values.length; at += 1) a += (values[at] as number) * 0;
  return a + b + c + d === 0;
}
