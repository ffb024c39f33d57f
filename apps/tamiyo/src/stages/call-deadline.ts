import type { DecisionSession } from './parts.js';

/** How long one call of a decision may take. */
export interface CallDeadline {
  readonly ms: number;
  /** True when the decision came here late: it leaves the call less than the call's own deadline, and that is not the call's fault. */
  readonly isRest: boolean;
}

/**
 * The call's own deadline, or what is left of the decision's when that is less or the own one is off (TM-03). A call that had most
 * of the decision for itself and did not answer is late all the same: a hanging network must be seen by its breaker.
 */
export function callDeadline(ownMs: number, { arrows }: DecisionSession): CallDeadline {
  const { deadline } = arrows;
  const leftMs = Math.max(0.1, deadline.leftMs());
  if (ownMs <= 0) return { ms: leftMs, isRest: false };
  return { ms: Math.min(ownMs, leftMs), isRest: leftMs < ownMs && deadline.isMostlySpent() };
}
