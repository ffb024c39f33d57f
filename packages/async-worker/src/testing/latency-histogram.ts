/** Upper bounds of the buckets, in milliseconds; the last bucket is open. */
export const LATENCY_BUCKETS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] as const;

/** How long submissions took, from submission to outcome. */
export interface LatencyHistogram {
  /** One count per bound of {@link LATENCY_BUCKETS_MS}, and one beyond the last. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Exact percentiles (nearest rank) and bucket counts of `samplesMs`. All zero when there are none. */
export function latencyHistogram(samplesMs: readonly number[]): LatencyHistogram {
  const sorted = [...samplesMs].sort((a, b) => a - b);
  const counts = new Array<number>(LATENCY_BUCKETS_MS.length + 1).fill(0);
  for (const sample of sorted) {
    const found = LATENCY_BUCKETS_MS.findIndex((bound) => sample <= bound);
    const bucket = found === -1 ? LATENCY_BUCKETS_MS.length : found;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  const rank = (ratio: number): number => sorted[Math.max(0, Math.ceil(ratio * sorted.length) - 1)] ?? 0;
  return { counts, count: sorted.length, p50Ms: rank(0.5), p95Ms: rank(0.95), p99Ms: rank(0.99), maxMs: rank(1) };
}
