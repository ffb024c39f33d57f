/**
 * Tensors as bytes between two processes or threads of one machine: `u32 count`, then per tensor `u32 type, u32 rank,
 * u32 dims[rank]`, for a scattered one `u32 pattern, u32 shared, u32 own`; padded to 8, then the arrays of each, each padded
 * to 8. Native byte order. Names never travel: both sides know their order since the model was loaded.
 *
 * The shared cells of a `scattered` tensor are kept by the reader. `onKept` means those that the last such tensor of this
 * name brought, and has no arrays for them: every frame of a writer is read, in order, by the one reader it writes for.
 */
export const TYPE_CODES = { float32: 1, scattered: 2, onKept: 3, int64: 7 } as const;
export const RANK_MAX = 8;
/** The most bytes one set of tensors may take, laid out. At the bound: `RangeError`. */
export const TENSOR_BYTES_MAX = 256 * 1024 * 1024;

export const padded = (bytes: number): number => (bytes + 7) & ~7;

export function sizeOf(dims: readonly number[]): number {
  let size = 1;
  for (let at = 0; at < dims.length; at += 1) size *= dims[at] as number;
  return size;
}
