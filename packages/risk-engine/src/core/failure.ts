import type { TelemetryEvent } from '@esper/leyline';
import { reportOn } from './breaker/on-state.js';
import type { RiskConfig } from './config.js';
import { triggerMode } from './conservative/mode.js';
import { enteredEvent } from './conservative/transition.js';
import { observe } from './observe.js';
import { elapsedMsOf, type RiskState } from './state.js';
import type { Instant } from './time/engine-clock.js';

/** Why a decision failed. */
export const FAILURE_KINDS = [
  'timeout_inference',
  'timeout_urza',
  'deadline_decision',
  'dependency',
  'persistence',
  'other',
] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

/** The breaker that counts a failure of that kind; the others are counted as failed decisions only. */
const BREAKER_OF = {
  timeout_inference: 'inference',
  timeout_urza: 'metadata',
  deadline_decision: null,
  dependency: null,
  persistence: null,
  other: null,
} as const satisfies Record<FailureKind, string | null>;

/** A decision that failed: there is no command, and the run must feel it all the same. */
export interface RiskFailure {
  readonly kind: FailureKind;
  /** The stable code of the error, for the events. */
  readonly code: string;
  /** A breaker to count it on instead of the one its kind names, such as `inference` for a host that is not there. */
  readonly component?: string;
  readonly at: Instant;
}

/** A state and the events of how it came to be. */
export interface RiskStep {
  readonly state: RiskState;
  readonly events: readonly TelemetryEvent[];
}

/**
 * A decision failed. Reports it to the breaker of its kind (do not report the same call a second time), and enters
 * conservative mode when that breaker opens (TM-07) or when too many decisions in a row have failed.
 */
export function onFailure(before: RiskState, failure: RiskFailure, config: RiskConfig): RiskStep {
  const observed = observe(before, failure.at);
  const counted = countFailure(observed.state);
  const name = failure.component ?? BREAKER_OF[failure.kind];
  const step: RiskStep & { readonly opened: boolean } =
    name === null
      ? { state: counted, events: [], opened: false }
      : reportOn(counted, { name, report: { kind: 'failure', reason: failure.kind } }, config);
  const entry = step.opened || step.state.failures.inRow >= config.conservative.failedDecisionsMax;
  const triggered = entry ? trigger(step.state, failure) : { state: step.state, events: [] };
  return { state: triggered.state, events: [...observed.events, ...step.events, ...triggered.events] };
}

const countFailure = (state: RiskState): RiskState => ({
  ...state,
  failures: { inRow: state.failures.inRow + 1, sinceDecision: true },
  mode: state.mode.kind === 'on' ? { ...state.mode, goodDecisions: 0 } : state.mode,
});

function trigger(state: RiskState, failure: RiskFailure): RiskStep {
  const moment = { elapsedMs: elapsedMsOf(state), wallMs: failure.at.wallMs };
  const mode = triggerMode(state.mode, failure.kind, moment);
  const entered = state.mode.kind === 'off' ? [enteredEvent(failure.kind, { code: failure.code })] : [];
  return { state: { ...state, mode }, events: entered };
}
