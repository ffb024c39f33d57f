/** Who orders something, why, and until when. All of it is recorded, and stands in telemetry. */
export interface OperatorOrder {
  readonly who: string;
  readonly why: string;
  /** Wall time at which the order ends by itself, milliseconds since 1970; absent: until somebody ends it. */
  readonly untilMs?: number;
}

/** The breakers an operator can lay a hand on. */
export const BREAKER_NAMES = ['inference', 'metadata'] as const;
export type BreakerName = (typeof BREAKER_NAMES)[number];

/** What an operator can order for one run. */
export const OPERATOR_ACTIONS = [
  'conservative_set',
  'conservative_clear',
  'hold',
  'release',
  'breaker_open',
  'breaker_disable',
  'breaker_reset',
] as const;
export type OperatorActionKind = (typeof OPERATOR_ACTIONS)[number];

/**
 * One order for one run.
 *
 * - `conservative_set`: every decision is a signed PAUSE until cleared or over; `conservative_clear` ends the mode.
 * - `hold`: the run gets no command at all (`RUN_HELD`) until released or over; `release` ends it.
 * - `breaker_open`: the guarded call is not made; `breaker_disable`: it is always made; `breaker_reset`: back to itself.
 */
export type OperatorAction = { readonly trainingRunId: string; readonly order: OperatorOrder } & (
  | { readonly kind: Exclude<OperatorActionKind, `breaker_${string}`> }
  | { readonly kind: Extract<OperatorActionKind, `breaker_${string}`>; readonly breaker: BreakerName }
);
