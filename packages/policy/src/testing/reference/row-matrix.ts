/** `count` rows of `width` numbers, row major, in double precision. */
export interface RowMatrix {
  readonly count: number;
  readonly width: number;
  readonly data: Float64Array;
}

export const zeroRows = (count: number, width: number): RowMatrix => ({
  count,
  width,
  data: new Float64Array(count * width),
});

export const rowsOf = (count: number, data: Float32Array): RowMatrix => ({
  count,
  width: count === 0 ? 0 : data.length / count,
  data: Float64Array.from(data),
});

/** Row `i` as a view. */
export const row = (x: RowMatrix, i: number): Float64Array => x.data.subarray(i * x.width, (i + 1) * x.width);

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** target += scale · source */
export function addScaled(target: Float64Array, source: ArrayLike<number>, scale = 1): void {
  for (let i = 0; i < target.length; i += 1) target[i] = (target[i] as number) + scale * (source[i] as number);
}

/** x·Wᵀ + b, with `weight` stored as [out, in]. */
export function linear(x: RowMatrix, weight: Float32Array, bias?: Float32Array): RowMatrix {
  const inputs = x.count === 0 ? 1 : x.width;
  const width = bias?.length ?? weight.length / inputs;
  const out = zeroRows(x.count, width);
  for (let i = 0; i < x.count; i += 1) {
    const from = row(x, i);
    for (let o = 0; o < width; o += 1) {
      out.data[i * width + o] = dot(from, weight.subarray(o * inputs, (o + 1) * inputs)) + (bias?.[o] ?? 0);
    }
  }
  return out;
}

export const mapRows = (x: RowMatrix, apply: (value: number) => number): RowMatrix => ({
  ...x,
  data: x.data.map(apply),
});

const ERF_FLAT = 6;

/** Error function: 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!, all terms of one sign; flat beyond |x| = 6. */
export function erf(x: number): number {
  if (!(Math.abs(x) < ERF_FLAT)) return Number.isNaN(x) ? x : Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n += 1) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Exact GELU: x·Φ(x). */
export const gelu = (x: number): number => 0.5 * x * (1 + erf(x / Math.SQRT2));
