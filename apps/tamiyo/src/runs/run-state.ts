import { type NormalizerState, priorNormalizerState } from '@esper/policy';
import { initialRiskState, type RiskConfig, type RiskState } from '@esper/risk-engine';
import type { RunHold } from './run-hold.js';

/**
 * Everything the host remembers about one run. A value: it goes into each record of the run, and comes back out of the log
 * after a restart, bit for bit.
 */
export interface RunState {
  readonly version: 1;
  /** The last sequence number given to a command, delivered or not. Never falls. */
  readonly sequence: number;
  /** An operator's hold; `null` when there is none. */
  readonly hold: RunHold | null;
  readonly risk: RiskState;
  /** Running statistics of the features. They change only with a decision that succeeded. */
  readonly statistics: NormalizerState;
}

/** The state of a run nobody has reported on yet. */
export const newRunState = (config: RiskConfig): RunState => ({
  version: 1,
  sequence: 0,
  hold: null,
  risk: initialRiskState(config),
  statistics: priorNormalizerState(),
});
