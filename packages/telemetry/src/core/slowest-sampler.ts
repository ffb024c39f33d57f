/** Whether a latency is among the slowest, and the memory to judge the next one by. */
export interface SlowestSampler {
  /** True for a latency above the quantile of the newest `windowMax` before it; the first of all is. NaN never is. */
  isSlow(latencyMs: number): boolean;
}

/**
 * Picks the slowest `share` of a stream (0.01 for one in a hundred) without knowing it in advance: each value is compared with the
 * quantile of the newest `windowMax` values before it. On a steady stream that picks close to `share`; when everything becomes slower, it
 * picks more until the window has seen it.
 */
export function slowestSampler(share: number, windowMax: number): SlowestSampler {
  const ring: number[] = [];
  const sorted: number[] = [];
  let next = 0;
  const remember = (value: number): void => {
    if (ring.length === windowMax) sorted.splice(placeOf(sorted, ring[next] as number), 1);
    ring[next] = value;
    next = (next + 1) % windowMax;
    sorted.splice(placeOf(sorted, value), 0, value);
  };
  return {
    isSlow: (latencyMs) => {
      if (!Number.isFinite(latencyMs)) return false;
      const above = Math.max(1, Math.floor(sorted.length * share));
      const limit = sorted[sorted.length - above] ?? Number.NEGATIVE_INFINITY;
      remember(latencyMs);
      return latencyMs > limit;
    },
  };
}

/** Index of the first value that is not smaller, by halving. */
function placeOf(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
