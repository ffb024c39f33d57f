/** The limits of one breaker. */
export interface BreakerLimits {
  /** Consecutive failures (successes take one back) that open it, at least 1. */
  readonly failuresMax: number;
  /** How long it stays open before calls are tried again, in milliseconds. */
  readonly cooldownMs: number;
  /** Calls that may be under way while half-open, at least 1. */
  readonly probesMax: number;
  /** Successful probes that close it, at least 1. */
  readonly successesMin: number;
  /** A probe that never reports gives its place back after this long, in milliseconds. */
  readonly probeTimeoutMs: number;
  /** A success slower than this counts as a failure. `null` switches it off. */
  readonly slowCallMs: number | null;
}

/** Three failures open, 100 ms of rest, one probe at a time. */
export const DEFAULT_BREAKER_LIMITS: BreakerLimits = Object.freeze({
  failuresMax: 3,
  cooldownMs: 100,
  probesMax: 1,
  successesMin: 1,
  probeTimeoutMs: 10_000,
  slowCallMs: null,
});
