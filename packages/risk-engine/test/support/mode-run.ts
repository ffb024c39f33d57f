import { assess, initialRiskState, type RiskConfig, type RiskInput, type RiskState } from '../../src/index.js';
import { inputWith, momentAt } from '../../src/testing.js';

export type DecisionKind = 'good' | 'finding' | 'trigger';

/** A decision nothing is found against, one with a finding, and one that triggers the mode. */
const inputOf = (kind: DecisionKind, nowMs: number): RiskInput => ({
  ...inputWith(kind === 'finding' ? { grad_var: 5 } : {}, { at: momentAt(nowMs) }),
  ...(kind === 'trigger' ? { policy: { riskScore: 0.99, version: 'p' } } : {}),
});

/** A run under one configuration: keeps the state, collects the mode's events. */
export class ModeRun {
  state: RiskState;
  nowMs = 0;
  readonly transitions: string[] = [];
  readonly config: RiskConfig;

  constructor(config: RiskConfig) {
    this.config = config;
    this.state = initialRiskState(config);
  }

  step(kind: DecisionKind = 'good', afterMs = 1000) {
    this.nowMs += afterMs;
    return this.judge(inputOf(kind, this.nowMs));
  }

  judge(input: RiskInput) {
    const result = assess(this.state, input, this.config);
    this.state = result.state;
    this.note(result.events);
    return result;
  }

  note(events: readonly { readonly description: string }[]): void {
    for (const { description } of events) {
      if (description === 'conservative_entered' || description === 'conservative_exited')
        this.transitions.push(description);
    }
  }

  get on(): boolean {
    return this.state.mode.kind === 'on';
  }
}
