import type { TelemetryEvent } from '@esper/leyline';
import { expireHold } from './conservative/transition.js';
import type { RiskState } from './state.js';
import { advanceClock, type Instant, startClock } from './time/engine-clock.js';

/** The state observed at `at`: its clock moved on, an operator's hold that is over taken away. */
export function observe(
  state: RiskState,
  at: Instant,
): { readonly state: RiskState; readonly events: readonly TelemetryEvent[] } {
  const clock = state.clock === null ? startClock(at) : advanceClock(state.clock, at);
  const { mode, events } = expireHold(state.mode, { elapsedMs: clock.elapsedMs, wallMs: at.wallMs });
  return { state: { ...state, clock, mode }, events };
}
