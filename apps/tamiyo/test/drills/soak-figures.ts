/** The value below which the given share of the numbers lies; 0 of none. */
export function percentile(numbers: readonly number[], share: number): number {
  if (numbers.length === 0) return 0;
  const sorted = Float64Array.from(numbers).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

/** p50, p95 and p99, rounded to hundredths. */
export const spread = (numbers: readonly number[]) => ({
  p50: round(percentile(numbers, 0.5)),
  p95: round(percentile(numbers, 0.95)),
  p99: round(percentile(numbers, 0.99)),
});

/** What a straight line through the second half of the samples rises from its first to its last, over their mean. */
export function slopeRatio(samples: readonly number[]): number {
  const half = samples.slice(Math.floor(samples.length / 2));
  if (half.length < 3) return 0;
  const meanAt = (half.length - 1) / 2;
  const mean = half.reduce((sum, value) => sum + value, 0) / half.length;
  let over = 0;
  let under = 0;
  half.forEach((value, at) => {
    over += (at - meanAt) * (value - mean);
    under += (at - meanAt) ** 2;
  });
  return round(((over / under) * (half.length - 1)) / mean, 4);
}

export const round = (value: number, digits = 2): number => Math.round(value * 10 ** digits) / 10 ** digits;
