/** How delays grow. See `FieldReportOptions`. */
export interface BackoffLimits {
  readonly backoffBaseMs: number;
  readonly backoffMultiplier: number;
  readonly backoffMaxMs: number;
  readonly backoffJitterRatio: number;
}

/**
 * Delay after the `failures`-th failure (1 is the first), in whole ms: base · multiplier^(failures - 1), at most the cap,
 * less up to the jitter's share of it. `fraction` is in [0, 1).
 */
export function backoffMs(failures: number, limits: BackoffLimits, fraction: number): number {
  const { backoffBaseMs, backoffMultiplier, backoffMaxMs, backoffJitterRatio } = limits;
  const grown = Math.min(backoffMaxMs, backoffBaseMs * backoffMultiplier ** (failures - 1));
  return Math.round(grown * (1 - backoffJitterRatio * fraction));
}
