import type { Rules } from './deviation-table.js';
import type { VectorBreaker, VectorEvent } from './vector-line.js';

/** What a breaker of the naive model needs to know about one report. */
export interface NaiveCall {
  readonly component: string;
  readonly nowS: number;
  readonly threshold: number;
  readonly cooldownS: number;
  readonly rules: Rules;
}

export interface NaiveStep {
  readonly breaker: VectorBreaker;
  readonly event: VectorEvent | null;
}

const OPEN = 2;

/** A failure, as the prototype counts it (CM-11), or as a failed probe where DEV-RE-17 holds. */
export function naiveFailure(breaker: VectorBreaker, reason: string, call: NaiveCall): NaiveStep {
  const [state, before, until] = breaker;
  const failures = before + 1;
  const probe = call.rules.has('DEV-RE-17') && state === OPEN && call.nowS >= (until ?? Number.NEGATIVE_INFINITY);
  const opens = probe || (state !== OPEN && failures >= Math.max(1, call.threshold));
  const event: VectorEvent = [
    'breaker_event',
    opens ? 4 : 2,
    { component: call.component, reason, failures: String(failures), action: opens ? 'open' : 'count' },
  ];
  if (!opens) return { breaker: [state, failures, until], event };
  return { breaker: [OPEN, failures, call.nowS + Math.max(0, call.cooldownS)], event };
}

/** A success (CM-12, CM-13). */
export function naiveSuccess(breaker: VectorBreaker, call: NaiveCall): NaiveStep {
  const [state, failures, until] = breaker;
  if (state !== OPEN) return { breaker: [state, Math.max(0, failures - 1), until], event: null };
  if (until !== null && call.nowS < until) return { breaker, event: null };
  return { breaker: [1, 0, null], event: ['breaker_event', 1, { component: call.component, action: 'close' }] };
}
