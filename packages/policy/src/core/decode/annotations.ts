import type { Observation } from '../observe/observation.js';
import { fixedDecimal } from './fixed-decimal.js';
import type { RiskEstimate } from './risk-score.js';
import type { BlendSchedule } from './schedule.js';
import type { Selection } from './selection.js';

interface AnnotationSources {
  readonly observation: Observation;
  readonly policyVersion: string;
  readonly actionIndex: number;
  readonly paramDelta: number;
  readonly valueEstimate: number;
  readonly breakerLogits: Float32Array;
  readonly risk: RiskEstimate;
  readonly schedule: BlendSchedule;
  readonly selection: Selection;
}

/** The texts every proposed command carries (PB-08, PB-09, PB-14). Formats are part of the contract with the consumers. */
export function policyAnnotations(from: AnnotationSources): Readonly<Record<string, string>> {
  const { observation, risk, schedule, selection } = from;
  const [open, close] = [from.breakerLogits[0] as number, from.breakerLogits[1] as number];
  return {
    training_run_id: observation.trainingRunId,
    policy_version: from.policyVersion,
    policy_action: String(from.actionIndex),
    policy_param_delta: fixedDecimal(from.paramDelta, 6),
    policy_value_estimate: fixedDecimal(from.valueEstimate, 6),
    policy_risk_index: String(risk.index),
    policy_risk_score: fixedDecimal(risk.score, 6),
    blending_method: schedule.shape,
    blending_schedule_units: 'fraction_0_1',
    blending_schedule_start: fixedDecimal(schedule.start, 4),
    blending_schedule_end: fixedDecimal(schedule.end, 4),
    breaker_open_score: fixedDecimal(sigmoid(open), 4),
    breaker_close_score: fixedDecimal(sigmoid(close), 4),
    feature_coverage: fixedDecimal(observation.coverage.ratio, 3),
    ...(selection.seed === undefined ? {} : { selected_seed: selection.seed.candidate.seedId }),
    ...(selection.blueprint === undefined ? {} : { selected_blueprint: selection.blueprint.candidate.blueprintId }),
  };
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
