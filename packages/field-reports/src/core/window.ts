import type { FieldReport, FieldReportOutcome } from '@esper/leyline';

/**
 * A decision under observation. All numbers are finite, so a window can be written anywhere. What was observed changes in place:
 * each evaluation is shown to every open window of its run, and a copy of each would be most of what a busy host throws away.
 */
export interface ObservationWindow {
  readonly commandId: string;
  readonly trainingRunId: string;
  readonly seedId: string | undefined;
  readonly blueprintId: string | undefined;
  readonly policyVersion: string;
  readonly startEpoch: number;
  /** Epochs to observe. */
  readonly target: number;
  readonly issuedAtMs: number;
  /** Evaluations seen since, and the highest epoch among them. */
  evaluations: number;
  latestEpoch: number;
  readonly lossDelta: Aggregate;
  readonly hookLatencyMs: Aggregate;
  /** Loss changes that were given and were no finite number. */
  nonFinite: number;
  lastReason: string;
  hasCritical: boolean;
}

/** Sum, extremes and count of finite values; all zero while the count is. */
export interface Aggregate {
  count: number;
  sum: number;
  min: number;
  max: number;
}

const nothing = (): Aggregate => ({ count: 0, sum: 0, min: 0, max: 0 });

/** What one evaluation of a run shows. Also what a window is opened from. */
export interface Evaluation {
  readonly trainingRunId: string;
  readonly epoch: number;
  /** Wall time of the decision, milliseconds since 1970. */
  readonly atMs: number;
  /** `undefined` when it was not measured; NaN and infinities are bad values and count against the decision. */
  readonly lossDelta: number | undefined;
  readonly hookLatencyMs: number | undefined;
  readonly reason: string;
  readonly critical: boolean;
}

/** Why a window was closed. `complete`: all epochs were seen. The others are named in the report's notes. */
export type WindowEnd = 'complete' | 'expired' | 'displaced' | 'rolled_back';

/** A window for a decision's report. The decision itself is not observed: its numbers were measured before it. */
export function openWindow(report: FieldReport, epoch: number, target: number): ObservationWindow {
  return {
    commandId: report.commandId ?? report.reportId,
    trainingRunId: report.trainingRunId,
    seedId: report.seedId,
    blueprintId: report.blueprintId,
    policyVersion: report.policyVersion,
    startEpoch: epoch,
    target,
    issuedAtMs: report.issuedAtMs,
    evaluations: 0,
    latestEpoch: epoch,
    lossDelta: nothing(),
    hookLatencyMs: nothing(),
    nonFinite: 0,
    lastReason: '',
    hasCritical: false,
  };
}

/** Shows the window one later evaluation of its run. */
export function observe(window: ObservationWindow, seen: Evaluation): void {
  window.evaluations += 1;
  window.latestEpoch = Math.max(window.latestEpoch, seen.epoch);
  include(window.lossDelta, seen.lossDelta);
  // A latency of zero or less is no measurement.
  if (seen.hookLatencyMs !== undefined && seen.hookLatencyMs > 0) include(window.hookLatencyMs, seen.hookLatencyMs);
  if (seen.lossDelta !== undefined && !Number.isFinite(seen.lossDelta)) window.nonFinite += 1;
  if (seen.reason !== '') window.lastReason = seen.reason;
  window.hasCritical ||= seen.critical;
}

function include(aggregate: Aggregate, value: number | undefined): void {
  if (value === undefined || !Number.isFinite(value)) return;
  const sum = aggregate.sum + value;
  // Two huge values may add up to infinity; the extremes still tell.
  aggregate.sum = Number.isFinite(sum) ? sum : Math.sign(sum) * Number.MAX_VALUE;
  aggregate.min = aggregate.count === 0 ? value : Math.min(aggregate.min, value);
  aggregate.max = aggregate.count === 0 ? value : Math.max(aggregate.max, value);
  aggregate.count += 1;
}

/** Whether the window ends with this evaluation, and how. */
export function endOf(window: ObservationWindow, seen: Evaluation, ttlMs: number): WindowEnd | undefined {
  if (seen.epoch < window.startEpoch) return 'rolled_back';
  if (seen.epoch >= window.startEpoch + window.target) return 'complete';
  return seen.atMs - window.issuedAtMs > ttlMs ? 'expired' : undefined;
}

/** Improvement with nothing critical is success; harm, a bad value or something critical is regression. */
function outcomeOf(window: ObservationWindow, end: WindowEnd): FieldReportOutcome {
  if (end === 'rolled_back') return 'ABORTED';
  if (window.hasCritical || window.nonFinite > 0 || window.lossDelta.sum > 0) return 'REGRESSION';
  if (end !== 'complete') return 'NEUTRAL';
  return window.lossDelta.sum < 0 ? 'SUCCESS' : 'NEUTRAL';
}

/** `fr-synth-<commandId>-<startEpoch>+<target>`: known from the moment the window opens. */
export const synthesisId = (window: Pick<ObservationWindow, 'commandId' | 'startEpoch' | 'target'>): string =>
  `fr-synth-${window.commandId}-${window.startEpoch}+${window.target}`;

/** The report about what was observed. */
export function synthesise(window: ObservationWindow, end: WindowEnd): FieldReport {
  const { lossDelta, hookLatencyMs } = window;
  const metrics: Record<string, number> = {
    loss_delta: lossDelta.sum,
    loss_delta_total: lossDelta.sum,
    loss_delta_min: lossDelta.min,
    loss_delta_max: lossDelta.max,
    observed_evaluations: window.evaluations,
  };
  if (hookLatencyMs.count > 0) metrics['avg_hook_latency_ms'] = hookLatencyMs.sum / hookLatencyMs.count;
  if (window.nonFinite > 0) metrics['non_finite'] = window.nonFinite;
  return {
    version: 1,
    reportId: synthesisId(window),
    commandId: window.commandId,
    trainingRunId: window.trainingRunId,
    ...(window.seedId === undefined ? {} : { seedId: window.seedId }),
    ...(window.blueprintId === undefined ? {} : { blueprintId: window.blueprintId }),
    outcome: outcomeOf(window, end),
    observationWindowEpochs: window.target,
    policyVersion: window.policyVersion,
    notes: end === 'complete' ? window.lastReason : `window_${end}`,
    metrics,
    followUpActions: [],
    issuedAtMs: window.issuedAtMs,
  };
}
