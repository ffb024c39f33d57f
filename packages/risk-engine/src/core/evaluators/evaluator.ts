import type { RiskContext } from '../context.js';
import type { Evaluation } from '../finding.js';
import type { Mitigation } from '../severity.js';
import type { EvaluatorName } from './names.js';

/** One evaluator: a value in a table. Pure; it sees the proposal and never what another evaluator made of it. */
export interface Evaluator {
  readonly name: EvaluatorName;
  /** The gravest thing it can ask for: what is assumed when it throws. */
  readonly worst: { readonly mitigation: Mitigation; readonly entersMode: boolean };
  evaluate(context: RiskContext): Evaluation;
}
