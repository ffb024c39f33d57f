import type { TelemetryEvent } from '@esper/leyline';
import type { RiskConfig } from '../config.js';
import { breakerLimitsOf, breakerOf, elapsedMsOf, type RiskState } from '../state.js';
import { type BreakerNotice, type BreakerReport, type BreakerState, reportTo } from './breaker.js';

/** The state with one breaker replaced. */
export const withBreaker = (state: RiskState, name: string, breaker: BreakerState): RiskState => ({
  ...state,
  breakers: { ...state.breakers, [name]: breaker },
});

/** A breaker's notice as the catalogue's event (CM-11, CM-12). */
export function breakerEvent(component: string, notice: BreakerNotice): TelemetryEvent {
  if (notice.action === 'close') {
    return { description: 'breaker_event', level: 'INFO', attributes: { component, action: 'close' } };
  }
  const { action, reason, failures } = notice;
  return {
    description: 'breaker_event',
    level: action === 'open' ? 'CRITICAL' : 'WARNING',
    attributes: { component, reason, failures: String(failures), action },
  };
}

/** Reports to one breaker of an observed state. `opened` tells whether this report opened it. */
export function reportOn(
  state: RiskState,
  call: { readonly name: string; readonly report: BreakerReport },
  config: RiskConfig,
): { readonly state: RiskState; readonly events: readonly TelemetryEvent[]; readonly opened: boolean } {
  const limits = breakerLimitsOf(config, call.name);
  const step = reportTo(breakerOf(state, call.name), call.report, { limits, nowMs: elapsedMsOf(state) });
  return {
    state: withBreaker(state, call.name, step.state),
    events: step.notice === null ? [] : [breakerEvent(call.name, step.notice)],
    opened: step.notice?.action === 'open',
  };
}
