import type { TelemetryEvent } from '@esper/leyline';
import type { ModeState } from './conservative/mode.js';
import { expireHold } from './conservative/transition.js';
import type { RiskState } from './state.js';
import { advanceClock, type EngineClock, type Instant, startClock } from './time/engine-clock.js';

/** The state observed at `at`: its clock moved on, an operator's hold that is over taken away. */
export function observe(
  state: RiskState,
  at: Instant,
): { readonly state: RiskState; readonly events: readonly TelemetryEvent[] } {
  const clock = state.clock === null ? startClock(at) : advanceClock(state.clock, at);
  const { mode, events } = expireHold(state.mode, { elapsedMs: clock.elapsedMs, wallMs: at.wallMs });
  return { state: observed(state, clock, mode), events };
}

/** Written out: this is copied at every call, and copying by spread is several times slower. */
const observed = (state: RiskState, clock: EngineClock, mode: ModeState): RiskState => ({
  version: state.version,
  clock,
  decisions: state.decisions,
  lastValidationLoss: state.lastValidationLoss,
  seenMs: state.seenMs,
  mode,
  breakers: state.breakers,
  failures: state.failures,
  adaptations: state.adaptations,
  rollbacks: state.rollbacks,
  adaptive: state.adaptive,
  pauseQuota: state.pauseQuota,
  calibration: state.calibration,
});
