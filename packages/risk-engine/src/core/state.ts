import { invariant } from '@esper/std';
import { type AdaptiveState, INITIAL_ADAPTIVE_STATE } from './beyond/adaptive.js';
import { type CalibrationState, INITIAL_CALIBRATION_STATE } from './beyond/calibration.js';
import { INITIAL_PAUSE_QUOTA_STATE, type PauseQuotaState } from './beyond/pause-quota.js';
import { type BreakerState, CLOSED_BREAKER } from './breaker/breaker.js';
import type { BreakerLimits } from './breaker/limits.js';
import type { RiskConfig } from './config.js';
import { MODE_OFF, type ModeState } from './conservative/mode.js';
import { SIGNAL_NAMES, type SignalName } from './signals/signal-table.js';
import type { EngineClock } from './time/engine-clock.js';

/** A structural change the run was told to make, and has to be judged by what follows. */
export interface Adaptation {
  readonly seedId: string;
  readonly blueprintId: string;
  /** The number of the decision that ordered it. */
  readonly decision: number;
}

/** Adaptations that are remembered; older ones are forgotten, the most recent are the suspects. */
export const ADAPTATIONS_MAX = 8;

/**
 * Everything the risk engine remembers about one run. Immutable plain data (no undefined, no NaN): the host journals it
 * with each decision and hands it back after a restart or to another host.
 */
export interface RiskState {
  readonly version: 1;
  /** `null` before the first observation. */
  readonly clock: EngineClock | null;
  /** Decisions assessed so far. */
  readonly decisions: number;
  /** The last finite validation loss of a complete decision (DP-08). */
  readonly lastValidationLoss: number | null;
  /** When each signal was last seen, in engine time; `null` never. */
  readonly seenMs: Readonly<Record<SignalName, number | null>>;
  readonly mode: ModeState;
  readonly breakers: Readonly<Record<string, BreakerState>>;
  readonly failures: {
    /** Failed decisions in a row. */
    readonly inRow: number;
    /** True when a failure was reported since the last assessment. */
    readonly sinceDecision: boolean;
  };
  /** Oldest first, at most {@link ADAPTATIONS_MAX}. */
  readonly adaptations: readonly Adaptation[];
  readonly rollbacks: number;
  readonly adaptive: AdaptiveState;
  readonly pauseQuota: PauseQuotaState;
  readonly calibration: CalibrationState;
}

const NEVER_SEEN = Object.freeze(Object.fromEntries(SIGNAL_NAMES.map((name) => [name, null]))) as Readonly<
  Record<SignalName, null>
>;

/** The state of a run nobody has reported on yet: mode off, all configured breakers closed. */
export function initialRiskState(config: RiskConfig): RiskState {
  return {
    version: 1,
    clock: null,
    decisions: 0,
    lastValidationLoss: null,
    seenMs: NEVER_SEEN,
    mode: MODE_OFF,
    breakers: Object.fromEntries(Object.keys(config.breakers).map((name) => [name, CLOSED_BREAKER])),
    failures: { inRow: 0, sinceDecision: false },
    adaptations: [],
    rollbacks: 0,
    adaptive: INITIAL_ADAPTIVE_STATE,
    pauseQuota: INITIAL_PAUSE_QUOTA_STATE,
    calibration: INITIAL_CALIBRATION_STATE,
  };
}

/** Engine time of an observed state, in milliseconds; 0 before the first observation. */
export const elapsedMsOf = ({ clock }: RiskState): number => (clock === null ? 0 : clock.elapsedMs);

/** The limits of the breaker of that name. A name nobody configured is a bug of the host. */
export function breakerLimitsOf(config: RiskConfig, name: string): BreakerLimits {
  const limits = Object.hasOwn(config.breakers, name) ? config.breakers[name] : undefined;
  invariant(limits !== undefined, `no breaker is configured under the name ${name}`);
  return limits;
}

/** The breaker of that name. A breaker added to the configuration after the state was written starts closed. */
export function breakerOf(state: RiskState, name: string): BreakerState {
  return Object.hasOwn(state.breakers, name) ? (state.breakers[name] as BreakerState) : CLOSED_BREAKER;
}
