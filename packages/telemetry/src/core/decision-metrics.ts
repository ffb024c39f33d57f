import { CIRCUIT_STATES, type CoverageMetadata, finiteSignal, type MetricPoint } from '@esper/leyline';
import type { BlueprintFacts, DecisionFacts, FieldReportFacts, TotalsFacts } from './decision-facts.js';
import { coverageTypePoint, point } from './metric-point.js';

/** The metrics of one decision, in the order of the catalogue (TL-10 to TL-29). */
export function decisionMetrics(facts: DecisionFacts): readonly MetricPoint[] {
  return [
    ...lossMetrics(facts),
    ...latencyMetrics(facts),
    ...fallbackMetrics(facts),
    ...policyMetrics(facts),
    ...coverageMetrics(facts.coverage ?? facts.command.decision?.coverage),
    ...blendMetrics(facts),
    ...selectionMetrics(facts),
    ...breakerMetrics(facts),
    ...riskMetrics(facts),
    ...totalsMetrics(facts.totals),
    ...fieldReportMetrics(facts.fieldReports),
  ];
}

function lossMetrics(facts: DecisionFacts): readonly MetricPoint[] {
  return [
    // Always there (TL-10); a loss that was not measured is NaN and not 0.
    point('tamiyo.validation_loss', facts.validationLoss ?? Number.NaN),
    point('tamiyo.loss_delta', facts.lossDelta),
    point('tamiyo.conservative_mode', facts.isConservative),
  ];
}

function latencyMetrics({ inferenceMs, decisionMs, policy }: DecisionFacts): readonly MetricPoint[] {
  const points = [
    point('tamiyo.inference.latency_ms', inferenceMs),
    point('tamiyo.gnn.inference.latency_ms', inferenceMs),
    point('tamiyo.decision.latency_ms', decisionMs),
    point('tamiyo.gnn.compile_enabled', policy.isCompiled),
  ];
  if (policy.warmUpMs !== undefined) points.push(point('tamiyo.gnn.compile_warm_ms', policy.warmUpMs));
  if ((policy.fallbackTotal ?? 0) > 0)
    points.push(point('tamiyo.gnn.compile_fallback_total', policy.fallbackTotal ?? 0));
  return points;
}

function fallbackMetrics({ command }: DecisionFacts): readonly MetricPoint[] {
  const isSet = (annotation: string): boolean => command.annotations[annotation] === 'true';
  return [
    point('tamiyo.fallback.seed', isSet('tamiyo_fallback_seed')),
    point('tamiyo.fallback.blueprint', isSet('tamiyo_fallback_blueprint')),
    point('tamiyo.fallback.synthetic_pause', isSet('tamiyo_synthetic_pause')),
    point('tamiyo.fallback.runtime', isSet('tamiyo_runtime_fallback')),
  ];
}

function policyMetrics({ command }: DecisionFacts): readonly MetricPoint[] {
  const policy = command.decision?.policy;
  return [
    point('tamiyo.policy.value_estimate', policy?.valueEstimate ?? Number.NaN),
    point('tamiyo.policy.risk_index', policy?.riskIndex ?? Number.NaN),
    point('tamiyo.policy.risk_score', policy?.riskScore ?? Number.NaN),
  ];
}

/** The edge type whose coverage is always stated, so that its absence cannot be taken for silence (TL-21). */
const ALWAYS_STATED = 'edges.layer_connects';

function coverageMetrics(coverage: CoverageMetadata | undefined): readonly MetricPoint[] {
  if (coverage === undefined) return [coverageTypePoint(ALWAYS_STATED, 0)];
  const byType = { [ALWAYS_STATED]: 0, ...coverage.byType };
  const types = Object.entries(byType).sort(([, a], [, b]) => a - b);
  const [least, most] = [types[0], types.at(-1)];
  return [
    point('tamiyo.gnn.feature_coverage', coverage.ratio),
    ...Object.entries(byType).map(([type, ratio]) => coverageTypePoint(type, ratio)),
    ...(least === undefined ? [] : [point('tamiyo.gnn.feature_coverage_min', least[1], { type: least[0] })]),
    ...(most === undefined ? [] : [point('tamiyo.gnn.feature_coverage_max', most[1], { type: most[0] })]),
    ...groupMetrics(types),
  ];
}

/** The average of each group of types: what stands before the first dot of `node.seed`. */
function groupMetrics(types: readonly (readonly [string, number])[]): readonly MetricPoint[] {
  const groups = new Map<string, number[]>();
  for (const [type, ratio] of types) {
    const group = type.split('.')[0] ?? type;
    groups.set(group, [...(groups.get(group) ?? []), ratio]);
  }
  return [...groups].map(([group, ratios]) => {
    const average = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
    return point('tamiyo.gnn.feature_coverage_group', average, { group });
  });
}

function blendMetrics({ command }: DecisionFacts): readonly MetricPoint[] {
  const blend = command.decision?.blend;
  if (blend === undefined) return [];
  const index = command.seedOperation?.parameters['blending_method_index'];
  return [
    ...(index === undefined ? [] : [point('tamiyo.blending.method_index', index, { method: blend.shape })]),
    ...(blend.mode === undefined
      ? []
      : [point('tamiyo.blending.mode', 1, { mode: blend.mode, source: blend.source ?? '' })]),
    point('tamiyo.blending.schedule_start', blend.scheduleStart),
    point('tamiyo.blending.schedule_end', blend.scheduleEnd),
  ];
}

function selectionMetrics({ command }: DecisionFacts): readonly MetricPoint[] {
  const { seedIndex, seedScore, blueprintIndex, blueprintScore } = command.decision?.selection ?? {};
  return [
    ...(seedIndex === undefined ? [] : [point('tamiyo.selection.seed_index', seedIndex)]),
    ...(seedScore === undefined ? [] : [point('tamiyo.selection.seed_score', seedScore)]),
    ...(blueprintIndex === undefined ? [] : [point('tamiyo.selection.blueprint_index', blueprintIndex)]),
    ...(blueprintScore === undefined ? [] : [point('tamiyo.selection.blueprint_score', blueprintScore)]),
  ];
}

function breakerMetrics({ breakers, blueprint }: DecisionFacts): readonly MetricPoint[] {
  return [
    point('tamiyo.breaker.inference_state', CIRCUIT_STATES[breakers.inference.state]),
    point('tamiyo.breaker.metadata_state', CIRCUIT_STATES[breakers.metadata.state]),
    point('tamiyo.breaker.inference_failures', breakers.inference.failures),
    point('tamiyo.breaker.metadata_failures', breakers.metadata.failures),
    ...(blueprint === undefined ? [] : blueprintMetrics(blueprint)),
  ];
}

const ELEVATED_RISK = 0.8;

/** TL-28: what alerts are raised on is said here, not worked out by whoever listens. */
function blueprintMetrics({ risk, hazardBand, provenance }: BlueprintFacts): readonly MetricPoint[] {
  return [
    point('tamiyo.blueprint.risk', risk),
    point('tamiyo.gnn.bsds_missing', hazardBand === undefined && provenance === undefined),
    point('tamiyo.bsds.hazard_critical_signal', hazardBand === 'CRITICAL'),
    point('tamiyo.bsds.hazard_high_signal', hazardBand === 'HIGH'),
    point('tamiyo.bsds.elevated_risk_flag', (finiteSignal(risk) ?? 0) >= ELEVATED_RISK),
  ];
}

function riskMetrics({ command }: DecisionFacts): readonly MetricPoint[] {
  const risk = command.decision?.risk;
  const changed = `${risk?.changed ?? false}`;
  return [
    point('tamiyo.decisions_total', 1, { command: command.commandType, changed }),
    ...[...new Set(risk?.reasons ?? [])].map((reason) => point('tamiyo.risk.reasons_total', 1, { reason })),
  ];
}

function totalsMetrics(totals: TotalsFacts | undefined): readonly MetricPoint[] {
  if (totals === undefined) return [];
  return [
    ...Object.entries(totals.timeouts).map(([kind, count]) => point('tamiyo.timeouts_total', count, { kind })),
    point('tamiyo.verifier.failures_total', totals.verifierFailures),
  ];
}

/** The state of field reports; also in their own summary packet. */
export function fieldReportMetrics(reports: FieldReportFacts | undefined): readonly MetricPoint[] {
  if (reports === undefined) return [];
  return [
    point('tamiyo.field_reports.published_total', reports.published),
    point('tamiyo.field_reports.retries_total', reports.retries),
    point('tamiyo.field_reports.dropped_total', reports.dropped),
    point('tamiyo.field_reports.pending_total', reports.pending),
    point('tamiyo.field_reports.retry_backlog_total', reports.retryBacklog),
    point('tamiyo.field_reports.retry_index_load_errors', reports.retryIndexLoadErrors),
    point('tamiyo.field_reports.window_load_errors', reports.windowLoadErrors),
  ];
}

/** The loss delta as a number; what is no number is 0 for comparisons that only look for a rise. */
export const risenBy = ({ lossDelta }: DecisionFacts): number => finiteSignal(lossDelta) ?? 0;
