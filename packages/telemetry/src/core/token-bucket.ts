/** Tokens at a moment of monotonic time. Starts full. */
export interface TokenBucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** A full bucket; `perMinuteMax` is also its size. */
export const fullBucket = (perMinuteMax: number, nowMs: number): TokenBucket => ({ tokens: perMinuteMax, atMs: nowMs });

/** The bucket at `nowMs`: continuous refill of `perMinuteMax` a minute. A clock that stands still or steps back adds nothing. */
export function refill(bucket: TokenBucket, perMinuteMax: number, nowMs: number): TokenBucket {
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  const tokens = Math.min(perMinuteMax, bucket.tokens + (elapsedMs * perMinuteMax) / 60_000);
  return { tokens, atMs: Math.max(bucket.atMs, nowMs) };
}

/** The bucket with one token less, or `undefined` when there is not a whole one. */
export const takeToken = (bucket: TokenBucket): TokenBucket | undefined =>
  bucket.tokens < 1 ? undefined : { ...bucket, tokens: bucket.tokens - 1 };

/** Whole milliseconds until there is a token; 0 when there is one. */
export const untilTokenMs = (bucket: TokenBucket, perMinuteMax: number): number =>
  bucket.tokens >= 1 ? 0 : Math.ceil(((1 - bucket.tokens) * 60_000) / perMinuteMax);
