import type { DecisionMetadata, Signal } from '@esper/leyline';
import { finiteSignal, SCHEDULE_SHAPES } from '@esper/leyline';

/** Values that the decision was made from. What is absent was not measured. */
export interface MeasuredValues {
  /** Change of the loss since the last step. Always reported; 0 with `loss_delta_known` 0 when it is not known. */
  readonly lossDelta?: Signal;
  readonly tamiyoLatencyMs?: Signal;
  readonly hookLatencyMs?: Signal;
  readonly blueprintRisk?: Signal;
  /** Change of accuracy, memory, or breakers, under catalogue names; at most 64 are kept. */
  readonly others?: Readonly<Record<string, Signal>>;
}

const OTHERS_MAX = 64;

/** The metrics of a report: finite numbers only. `non_finite` counts what was there and was no finite number. */
export function collectMetrics(
  measured: MeasuredValues,
  decision: DecisionMetadata | undefined,
): Readonly<Record<string, number>> {
  const given: readonly (readonly [string, Signal | undefined])[] = [
    ...fromDecision(decision),
    ['tamiyo_latency_ms', measured.tamiyoLatencyMs],
    ['hook_latency_ms', measured.hookLatencyMs],
    ['blueprint_risk', measured.blueprintRisk],
    ...Object.entries(measured.others ?? {}).slice(0, OTHERS_MAX),
  ];
  const lossDelta = finiteSignal(measured.lossDelta);
  const metrics: Record<string, number> = { loss_delta: lossDelta ?? 0 };
  if (lossDelta === undefined) metrics['loss_delta_known'] = 0;
  let nonFinite = measured.lossDelta !== undefined && lossDelta === undefined ? 1 : 0;
  for (const [name, signal] of given) {
    if (signal === undefined) continue;
    const value = finiteSignal(signal);
    if (value === undefined) nonFinite += 1;
    else metrics[name] = value;
  }
  if (nonFinite > 0) metrics['non_finite'] = nonFinite;
  return metrics;
}

function fromDecision(decision: DecisionMetadata | undefined): readonly (readonly [string, Signal | undefined])[] {
  const { policy, blend, selection } = decision ?? {};
  return [
    ['param_delta', policy?.paramDelta],
    ['value_estimate', policy?.valueEstimate],
    ['risk_index', policy?.riskIndex],
    ['risk_score', policy?.riskScore],
    ['blending_index', blend === undefined ? undefined : SCHEDULE_SHAPES.indexOf(blend.shape)],
    ['blending_schedule_start', blend?.scheduleStart],
    ['blending_schedule_end', blend?.scheduleEnd],
    ['selected_seed_score', selection?.seedScore],
  ];
}
