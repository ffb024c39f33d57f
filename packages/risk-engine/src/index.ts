export { type Assessment, assess } from './core/assess.js';
export { type CalibrationReport, type CalibrationState, reportCalibration } from './core/beyond/calibration.js';
export { RISK_LEVELS, type RiskLevel, type RiskVector } from './core/beyond/multi-signal.js';
export {
  type BreakerReport,
  type BreakerState,
  type BreakerTicket,
  circuitStateOf,
  type ForcedKind,
} from './core/breaker/breaker.js';
export { askBreaker, type BreakerPermission, reportBreaker } from './core/breaker/calls.js';
export { type BreakerLimits, DEFAULT_BREAKER_LIMITS } from './core/breaker/limits.js';
export type { RiskConfig } from './core/config.js';
export { DEFAULT_RISK_CONFIG, HARNESS_RISK_CONFIG, type RiskProfileName } from './core/config-defaults.js';
export type { ModeState, OperatorHold } from './core/conservative/mode.js';
export {
  clearConservative,
  forceBreaker,
  type OperatorOrder,
  setConservative,
} from './core/conservative/operator.js';
export {
  CATALOGUE_EVALUATORS,
  EVALUATOR_NAMES,
  type EvaluatorMode,
  type EvaluatorName,
} from './core/evaluators/names.js';
export { RISK_EVENTS, type RiskEventName } from './core/events.js';
export { FAILURE_KINDS, type FailureKind, onFailure, type RiskFailure, type RiskStep } from './core/failure.js';
export type { Finding, Verdict } from './core/finding.js';
export { keepLoss } from './core/fold/next-state.js';
export { formatFixed, formatPythonFloat, formatTruncated } from './core/format/python-number.js';
export type { BlueprintInput, CoverageInput, PolicyInput, RiskInput } from './core/input.js';
export { type RiskRecord, rebuildStates } from './core/replay/record.js';
export { type DecidedRecord, type Flip, type WhatIf, whatIf } from './core/replay/what-if.js';
export { carefulnessOf, MITIGATIONS, type Mitigation } from './core/severity.js';
export { SIGNAL_NAMES, type SignalName, type SignalPolicy } from './core/signals/signal-table.js';
export { type Adaptation, initialRiskState, type RiskState } from './core/state.js';
export type { EngineClock, Instant } from './core/time/engine-clock.js';
export { RISK_ERRORS, RiskError, type RiskErrorCode } from './errors.js';
export { canonicalRiskConfig, type DeepPartial, type RiskOptions, resolveRiskConfig } from './options.js';
