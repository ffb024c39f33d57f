/** A product of matrices, all row-major: `rows` samples, `inner` inputs, `cols` outputs. */
export interface AffineShape {
  readonly rows: number;
  readonly inner: number;
  readonly cols: number;
}

/**
 * y = x·w + bias; x is rows×inner, w inner×cols, the result rows×cols. Sums run over `inner` in order, four at a time
 * (half the memory traffic): always the same way, so the same input gives the same bits.
 */
export function affine(
  operands: { readonly x: Float64Array; readonly w: Float64Array; readonly bias: Float64Array },
  { rows, inner, cols }: AffineShape,
): Float64Array {
  const { x, w, bias } = operands;
  const y = new Float64Array(rows * cols);
  const fours = inner - (inner % 4);
  for (let r = 0; r < rows; r += 1) {
    const out = r * cols;
    const row = r * inner;
    y.set(bias, out);
    for (let i = 0; i < fours; i += 4) {
      const [x0, x1, x2, x3] = [x[row + i], x[row + i + 1], x[row + i + 2], x[row + i + 3]] as Four;
      const [w0, w1, w2, w3] = [i * cols, (i + 1) * cols, (i + 2) * cols, (i + 3) * cols] as const;
      for (let c = 0; c < cols; c += 1) {
        const products = x0 * at(w, w0 + c) + x1 * at(w, w1 + c) + x2 * at(w, w2 + c) + x3 * at(w, w3 + c);
        y[out + c] = at(y, out + c) + products;
      }
    }
    for (let i = fours; i < inner; i += 1) {
      for (let c = 0; c < cols; c += 1) y[out + c] = at(y, out + c) + at(x, row + i) * at(w, i * cols + c);
    }
  }
  return y;
}

type Four = [number, number, number, number];

/** An element that is there. */
const at = (values: Float64Array, index: number): number => values[index] as number;

/** dx = dy·wᵀ: the gradient of {@link affine} with respect to its input, rows×inner. */
export function affineInputGradient(
  dy: Float64Array,
  w: Float64Array,
  { rows, inner, cols }: AffineShape,
): Float64Array {
  const dx = new Float64Array(rows * inner);
  for (let r = 0; r < rows; r += 1) {
    for (let i = 0; i < inner; i += 1) {
      let sum = 0;
      for (let c = 0; c < cols; c += 1) sum += (dy[r * cols + c] as number) * (w[i * cols + c] as number);
      dx[r * inner + i] = sum;
    }
  }
  return dx;
}

/** dw = xᵀ·dy: the gradient with respect to the weights, inner×cols. */
export function affineWeightGradient(
  x: Float64Array,
  dy: Float64Array,
  { rows, inner, cols }: AffineShape,
): Float64Array {
  const dw = new Float64Array(inner * cols);
  for (let r = 0; r < rows; r += 1) {
    for (let i = 0; i < inner; i += 1) {
      const factor = x[r * inner + i] as number;
      if (factor === 0) continue;
      const base = i * cols;
      for (let c = 0; c < cols; c += 1) dw[base + c] = (dw[base + c] as number) + factor * (dy[r * cols + c] as number);
    }
  }
  return dw;
}

/** db = the column sums of dy. */
export function biasGradient(dy: Float64Array, cols: number): Float64Array {
  const db = new Float64Array(cols);
  for (let at = 0; at < dy.length; at += 1) db[at % cols] = (db[at % cols] as number) + (dy[at] as number);
  return db;
}

/** max(0, x), elementwise. NaN stays NaN: a poisoned activation must not look healthy. */
export const rectify = (x: Float64Array): Float64Array => x.map((value) => Math.max(0, value));

/** dy where the rectified output was positive (or NaN), else 0. */
export const rectifyGradient = (dy: Float64Array, output: Float64Array): Float64Array =>
  dy.map((value, at) => ((output[at] as number) <= 0 ? 0 : value));
