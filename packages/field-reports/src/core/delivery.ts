import type { FieldReport } from '@esper/leyline';
import { type BackoffLimits, backoffMs } from './backoff.js';

/** Why a report needs no more attention. */
export type Settlement = 'published' | 'acknowledged' | 'unacknowledged' | 'dropped';

/** A report on its way. */
export interface Delivery {
  readonly report: FieldReport;
  /** Attempts that failed. Survives restarts. */
  readonly failures: number;
  /** Wall time before which it is not tried, milliseconds since 1970; 0 at once. */
  readonly nextAttemptAtMs: number;
  /** `sent`: the bus has it, the consumer has not answered. */
  readonly state: 'waiting' | 'sent';
  /** With `sent`: when the consumer's time is over, and whether this was the repetition. */
  readonly answerDueAtMs: number;
  readonly repeated: boolean;
}

/** A report that nobody has tried to publish yet. */
export const newDelivery = (report: FieldReport): Delivery => ({
  report,
  failures: 0,
  nextAttemptAtMs: 0,
  state: 'waiting',
  answerDueAtMs: 0,
  repeated: false,
});

/** How deliveries go. See `FieldReportOptions`. */
export interface DeliveryLimits extends BackoffLimits {
  readonly retriesMax: number;
  readonly acknowledgement: 'bus' | 'consumer';
  readonly acknowledgementMs: number;
}

/** What becomes of a delivery: it goes on, or it is settled. */
export type DeliveryStep =
  | { readonly kind: 'continue'; readonly delivery: Delivery }
  | { readonly kind: 'settle'; readonly how: Settlement };

/** Due when its time has come; also when its time is farther off than any delay, because the clock was set back. */
export const isDue = (delivery: Delivery, nowMs: number, limits: BackoffLimits): boolean =>
  delivery.state === 'waiting' &&
  (delivery.nextAttemptAtMs <= nowMs || delivery.nextAttemptAtMs - nowMs > limits.backoffMaxMs);

/** The bus has taken the report. */
export function afterTaken(delivery: Delivery, nowMs: number, limits: DeliveryLimits): DeliveryStep {
  if (limits.acknowledgement === 'bus') return { kind: 'settle', how: 'published' };
  const answerDueAtMs = nowMs + limits.acknowledgementMs;
  return { kind: 'continue', delivery: { ...delivery, state: 'sent', answerDueAtMs } };
}

/** The bus has not taken it: later again, or, when the retries are used up, never. */
export function afterFailure(
  delivery: Delivery,
  now: { readonly ms: number; readonly fraction: number },
  limits: DeliveryLimits,
): DeliveryStep {
  const failures = delivery.failures + 1;
  if (failures > limits.retriesMax) return { kind: 'settle', how: 'dropped' };
  const nextAttemptAtMs = now.ms + backoffMs(failures, limits, now.fraction);
  return { kind: 'continue', delivery: { ...delivery, failures, nextAttemptAtMs } };
}

/** The consumer has let its time pass: once the report is repeated, then it is given up and said so. */
export function afterSilence(delivery: Delivery): DeliveryStep {
  if (delivery.repeated) return { kind: 'settle', how: 'unacknowledged' };
  const again = { ...delivery, state: 'waiting', nextAttemptAtMs: 0, repeated: true } as const;
  return { kind: 'continue', delivery: again };
}
