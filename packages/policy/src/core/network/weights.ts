import { err, invariant, ok, type Result } from '@esper/std';
import type { NetworkDims } from './dims.js';
import { elementCount, type TensorSet } from './tensor-set.js';
import { weightShapes } from './weight-names.js';

/** Why a set of tensors is not the weights of a network of these sizes. */
export type WeightsRefusal =
  | { readonly code: 'weights_missing'; readonly tensor: string }
  | { readonly code: 'weights_unexpected'; readonly tensor: string }
  | {
      readonly code: 'weights_shape';
      readonly tensor: string;
      readonly expected: readonly number[];
      readonly actual: readonly number[];
    }
  | { readonly code: 'weights_nonfinite'; readonly tensor: string };

/** Canonical, unfolded weights that fit `dims`: every name present, every shape right, every number finite. */
export interface PolicyWeights {
  readonly dims: NetworkDims;
  readonly set: TensorSet;
  /** The numbers of a tensor that {@link weightShapes} names. Throws `InvariantError` for any other name. */
  values(name: string): Float32Array;
}

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

function firstRefusal(set: TensorSet, shapes: ReadonlyMap<string, readonly number[]>): WeightsRefusal | undefined {
  for (const [tensor, expected] of shapes) {
    const found = set.tensors.get(tensor);
    if (found === undefined) return { code: 'weights_missing', tensor };
    if (!sameShape(found.shape, expected) || found.data.length !== elementCount(expected)) {
      return { code: 'weights_shape', tensor, expected, actual: found.shape };
    }
    if (!found.data.every(Number.isFinite)) return { code: 'weights_nonfinite', tensor };
  }
  for (const tensor of set.tensors.keys()) if (!shapes.has(tensor)) return { code: 'weights_unexpected', tensor };
  return undefined;
}

/** Checks names, shapes and finiteness against `dims`; the set must hold exactly the tensors of the architecture. */
export function bindWeights(set: TensorSet, dims: NetworkDims): Result<PolicyWeights, WeightsRefusal> {
  const refusal = firstRefusal(set, weightShapes(dims));
  if (refusal !== undefined) return err(refusal);
  const values = (name: string): Float32Array => {
    const tensor = set.tensors.get(name);
    invariant(tensor !== undefined, `no weight is called ${name}`);
    return tensor.data;
  };
  return ok({ dims, set, values });
}
