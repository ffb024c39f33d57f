import type { FoldedLinear } from './fold.js';

/** A matrix in whole numbers with one scale per output column: weight ≈ value · scale. */
export interface QuantizedMatrix {
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

/**
 * Largest magnitude of a stored weight: 7 bits. Processors without VNNI add pairs of 8-bit products in 16 bits, which
 * saturates with 8-bit weights and costs more accuracy than the lost bit.
 */
const LEVEL_MAX = 63;

/** Rounds each column to whole numbers in [−63, 63] by its own largest magnitude. A column of zeros keeps scale 1. */
export function quantizeColumns({ inputs, outputs, matrix }: FoldedLinear): QuantizedMatrix {
  const scales = new Float32Array(outputs);
  for (let at = 0; at < matrix.length; at += 1) {
    const column = at % outputs;
    scales[column] = Math.max(scales[column] as number, Math.abs(matrix[at] as number) / LEVEL_MAX);
  }
  for (let column = 0; column < outputs; column += 1) if (scales[column] === 0) scales[column] = 1;
  const values = new Int8Array(inputs * outputs);
  for (let at = 0; at < matrix.length; at += 1) {
    const level = Math.round((matrix[at] as number) / (scales[at % outputs] as number));
    values[at] = Math.max(-LEVEL_MAX, Math.min(LEVEL_MAX, level));
  }
  return { values, scales };
}
