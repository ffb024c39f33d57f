/** The quantile `share` (0 to 1) of unsorted values, as a value that occurred; NaN without any. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** The arithmetic mean; NaN without values. */
export const mean = (values: readonly number[]): number =>
  values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value, 0) / values.length;

/** A mean and the interval it lies in. */
export interface MeanInterval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2_000;

/**
 * The mean with its 95 % bootstrap interval (percentile method, Efron 1979): the middle 95 % of the means of
 * {@link RESAMPLES} samples drawn with replacement. `random` gives numbers in [0, 1).
 */
export function bootstrapMean(values: readonly number[], random: () => number): MeanInterval {
  const means = Array.from({ length: RESAMPLES }, () =>
    mean(values.map(() => values[Math.floor(random() * values.length)] as number)),
  );
  return { mean: mean(values), low: quantile(means, 0.025), high: quantile(means, 0.975) };
}

/** The least-squares slope of `values` over their index, per index; 0 for fewer than two. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const spread = values.reduce((sum, _, at) => sum + (at - middle) ** 2, 0);
  const centre = mean(values);
  const together = values.reduce((sum, value, at) => sum + (at - middle) * (value - centre), 0);
  return spread === 0 ? 0 : together / spread;
}

/** How much the second half of `values` rises from its beginning to its end, over its mean. 0 for fewer than four. */
export function slopeRatio(values: readonly number[]): number {
  const half = values.slice(Math.floor(values.length / 2));
  return half.length < 2 ? 0 : (slope(half) * (half.length - 1)) / mean(half);
}
