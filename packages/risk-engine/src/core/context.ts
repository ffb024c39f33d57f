import type { CommandDraft } from '@esper/leyline';
import type { RiskConfig } from './config.js';
import type { RiskInput } from './input.js';
import type { Reading } from './signals/reading.js';
import type { SignalName } from './signals/signal-table.js';
import type { RiskState } from './state.js';

/** The immutable snapshot every evaluator judges: the proposal as it came, the readings, and the state before. */
export interface RiskContext {
  readonly draft: CommandDraft;
  /** True when the policy proposes a SEED, whatever any evaluator makes of it. */
  readonly seed: boolean;
  readonly input: RiskInput;
  readonly readings: Readonly<Record<SignalName, Reading>>;
  /** The state before this decision, with its clock moved on. */
  readonly state: RiskState;
  readonly config: RiskConfig;
}
