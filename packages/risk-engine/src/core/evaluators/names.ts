/** The eleven evaluators of the catalogue, in table order. The order decides the order of events and of nothing else. */
export const CATALOGUE_EVALUATORS = [
  'policy_risk',
  'conservative_mode',
  'timeouts',
  'blueprint_risk',
  'safety_sheet',
  'loss',
  'latency',
  'isolation_and_device',
  'optimizer_hints',
  'degraded_inputs',
  'stabilisation',
] as const;

/** Those beyond the prototype. */
const MORE_EVALUATORS = ['multi_signal', 'validation', 'rollback'] as const;

/** Every evaluator: the catalogue's, then those beyond the prototype. */
export const EVALUATOR_NAMES = [...CATALOGUE_EVALUATORS, ...MORE_EVALUATORS] as const;
export type EvaluatorName = (typeof EVALUATOR_NAMES)[number];

/** `shadow` evaluates and records, and changes nothing; `off` does not evaluate. */
export const EVALUATOR_MODES = ['off', 'shadow', 'enforce'] as const;
export type EvaluatorMode = (typeof EVALUATOR_MODES)[number];
