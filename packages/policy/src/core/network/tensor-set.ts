/** One named array of float32 numbers, row major. `data.length` is the product of `shape` (1 for a scalar). */
export interface WeightTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The tensors of a checkpoint by name, with the text metadata of its header. */
export interface TensorSet {
  readonly tensors: ReadonlyMap<string, WeightTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** How many numbers a shape holds. */
export const elementCount = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
