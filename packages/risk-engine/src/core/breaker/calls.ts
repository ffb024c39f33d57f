import type { RiskConfig } from '../config.js';
import type { RiskStep } from '../failure.js';
import { observe } from '../observe.js';
import { breakerLimitsOf, breakerOf, elapsedMsOf, type RiskState } from '../state.js';
import type { Instant } from '../time/engine-clock.js';
import { askOf, type BreakerReport, type BreakerTicket } from './breaker.js';
import { reportOn, withBreaker } from './on-state.js';

/** The answer to "may this call be made?". */
export interface BreakerPermission extends RiskStep {
  readonly allowed: boolean;
  /** Hand it to {@link reportBreaker}, so that a late answer is recognised. */
  readonly ticket: BreakerTicket;
}

/** Asks a breaker before the protected call (CM-15). Keep the state: a half-open breaker has counted the probe. */
export function askBreaker(
  state: RiskState,
  call: { readonly name: string; readonly at: Instant },
  config: RiskConfig,
): BreakerPermission {
  const { name, at } = call;
  const observed = observe(state, at);
  const limits = breakerLimitsOf(config, name);
  const breaker = breakerOf(observed.state, name);
  const answer = askOf(breaker, limits, elapsedMsOf(observed.state));
  return {
    state: withBreaker(observed.state, name, answer.state),
    events: observed.events,
    allowed: answer.allowed,
    ticket: answer.ticket,
  };
}

/** Tells a breaker how the call went, once per decision and breaker (CM-18). Failures go through `onFailure`. */
export function reportBreaker(
  state: RiskState,
  call: { readonly name: string; readonly report: BreakerReport; readonly at: Instant },
  config: RiskConfig,
): RiskStep {
  const observed = observe(state, call.at);
  const step = reportOn(observed.state, call, config);
  return { state: step.state, events: [...observed.events, ...step.events] };
}
