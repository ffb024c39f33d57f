import { type NormalizerState, priorNormalizerState } from '@esper/policy';
import { initialRiskState, type RiskConfig, type RiskState } from '@esper/risk-engine';

/**
 * Everything the host remembers about one run. A value: it goes into each record of the run, and comes back out of the log
 * after a restart, bit for bit.
 */
export interface RunState {
  readonly version: 1;
  /** The last sequence number given to a command, delivered or not. Never falls. */
  readonly sequence: number;
  readonly risk: RiskState;
  /** Running statistics of the features. They change only with a decision that succeeded. */
  readonly statistics: NormalizerState;
}

const newRunState = (config: RiskConfig): RunState => ({
  version: 1,
  sequence: 0,
  risk: initialRiskState(config),
  statistics: priorNormalizerState(),
});

/** The runs this host knows, by id. One at a time changes a run: its lane. */
export class RunTable {
  readonly #states: Map<string, RunState>;
  readonly #config: RiskConfig;

  constructor(config: RiskConfig, recovered: ReadonlyMap<string, RunState> = new Map()) {
    this.#config = config;
    this.#states = new Map(recovered);
  }

  get(runId: string): RunState {
    return this.#states.get(runId) ?? newRunState(this.#config);
  }

  set(runId: string, state: RunState): void {
    this.#states.set(runId, state);
  }

  ids(): readonly string[] {
    return [...this.#states.keys()];
  }
}
