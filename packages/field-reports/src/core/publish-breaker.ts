import { elapsedMs, type MonoMs, monoMs } from '@esper/std';

/** When a slow bus is given a rest. See `FieldReportOptions`. */
export interface PublishBreakerLimits {
  readonly slowPublishMs: number;
  readonly slowPublishesMax: number;
  readonly publishPauseMs: number;
}

/**
 * Slow publishes in a row, and until when the bus is left alone. `undefined`: it is not. Once the pause is over a single report
 * is tried; only when that goes fast, all the others follow.
 */
export interface PublishBreaker {
  readonly slowInARow: number;
  readonly pausedUntil: MonoMs | undefined;
}

export const CLOSED_BREAKER: PublishBreaker = Object.freeze({ slowInARow: 0, pausedUntil: undefined });

/** How many of the reports that are due may be tried now. */
export function allowedNow(breaker: PublishBreaker, now: MonoMs, due: number): number {
  if (breaker.pausedUntil === undefined) return due;
  return now < breaker.pausedUntil ? 0 : Math.min(1, due);
}

/** The breaker after one publish, taken or not. */
export function afterPublish(
  breaker: PublishBreaker,
  times: { readonly begun: MonoMs; readonly ended: MonoMs },
  limits: PublishBreakerLimits,
): PublishBreaker {
  if (elapsedMs(times.begun, times.ended) <= limits.slowPublishMs) return CLOSED_BREAKER;
  const slowInARow = breaker.slowInARow + 1;
  const paused = slowInARow >= limits.slowPublishesMax;
  return { slowInARow, pausedUntil: paused ? monoMs(times.ended + limits.publishPauseMs) : undefined };
}
