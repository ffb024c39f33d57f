import { finiteKpis, type Kpis } from '../core/kpi-table.js';
import { quantile } from '../core/statistics.js';
import type { DrivenRun } from './drive-run.js';

const DEADLINE_CODES = new Set(['TIMEOUT_INFERENCE', 'TIMEOUT_URZA', 'DEADLINE_DECISION']);

/** The figures of the decisions and steps of some runs. Latencies are of successful decisions. */
export function runKpis(runs: readonly DrivenRun[], seconds: number): Kpis {
  const recordings = runs.map(({ recorder }) => recorder.recording);
  const decisions = recordings.flatMap((recording) => recording.decisions);
  const failures = recordings.flatMap((recording) => recording.failures);
  const stepMs = recordings.flatMap((recording) => recording.steps).map((step) => step.stepMs);
  const ofArrow = (name: string) =>
    decisions.flatMap(({ arrows }) => (arrows[name] === undefined ? [] : [arrows[name]]));
  const total = decisions.map(({ totalMs }) => totalMs);
  const inference = decisions.map(({ inferenceMs }) => inferenceMs);
  return finiteKpis({
    trainer_step_ms_p50: quantile(stepMs, 0.5),
    trainer_step_ms_p95: quantile(stepMs, 0.95),
    decision_ms_p50: quantile(total, 0.5),
    decision_ms_p95: quantile(total, 0.95),
    decision_ms_p99: quantile(total, 0.99),
    inference_ms_p50: quantile(inference, 0.5),
    inference_ms_p95: quantile(inference, 0.95),
    durability_ms_p50: quantile(ofArrow('record'), 0.5),
    durability_ms_p95: quantile(ofArrow('record'), 0.95),
    risk_ms_p50: quantile(ofArrow('assess'), 0.5),
    risk_ms_p95: quantile(ofArrow('assess'), 0.95),
    lookup_ms_p95: quantile(ofArrow('resolve'), 0.95),
    observe_ms_p95: quantile(ofArrow('observe'), 0.95),
    seal_ms_p95: quantile(ofArrow('seal'), 0.95),
    command_bytes_p95: quantile(
      runs.flatMap(({ commands }) => commands).map(({ bytes }) => bytes.length),
      0.95,
    ),
    decisions: decisions.length,
    decisions_per_second: decisions.length / seconds,
    deadline_misses: failures.filter(({ code }) => DEADLINE_CODES.has(code)).length,
    decision_failures: failures.length,
    final_accuracy: quantile(
      runs.map(({ summary }) => summary.finalAccuracy),
      0.5,
    ),
  });
}
