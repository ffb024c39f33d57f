import { formatTruncated } from '../core/format/python-number.js';
import { cross, unreadable } from './naive-crossing.js';
import { CRITICAL, INFO, type NaiveRun, WARNING } from './naive-run.js';
import { parsePythonFloat } from './python-text.js';

const finite = (value: number): boolean => Number.isFinite(value);

export function naivePolicyRisk(run: NaiveRun): void {
  const text = run.scenario.annotations['policy_risk_score'] ?? '';
  if (text === '') return;
  const score = parsePythonFloat(text);
  if (unreadable(run, { signal: 'policy_risk_score', value: score ?? text }, 'mode')) return;
  if (score !== undefined && finite(score)) judgeScore(run, score);
}

function judgeScore(run: NaiveRun, score: number): void {
  const attributes = { score: run.fixed(score, 3) };
  const index = run.scenario.annotations['policy_risk_index'] ?? '0';
  run.emit('policy_risk_signal', INFO, { ...attributes, index });
  if (score >= 0.98) {
    cross(run, {
      reason: 'policy_risk_critical',
      action: 'pause',
      manner: 'overwrite',
      attributes,
      level: CRITICAL,
      enters: true,
    });
  } else if (score >= 0.85 && run.seed) {
    cross(run, { reason: 'policy_risk_elevated', action: 'downgrade', manner: 'assign', attributes });
  }
}

export function naiveMode(run: NaiveRun): void {
  if (!run.modeOn || run.silencedByTimeout) return;
  run.emit('pause_triggered', WARNING, { reason: 'conservative_mode' });
  run.act({ reason: 'conservative_mode', action: 'pause', enters: false, level: WARNING, standing: true }, 'assign');
}

export function naiveLoss(run: NaiveRun): void {
  if (run.silencedByTimeout) return;
  const delta = run.scenario.lossDelta;
  if (unreadable(run, { signal: 'loss_delta', value: delta }, 'mode')) return;
  const max = run.scenario.limits.max_loss_spike;
  const attributes = { delta: run.fixed(delta, 3) };
  if (delta > max) {
    cross(run, { reason: 'loss_spike', action: 'pause', manner: 'overwrite', attributes, enters: true });
  } else if (delta > 0.5 * max && run.seed) {
    cross(run, { reason: 'loss_warning', action: 'downgrade', manner: 'assign', attributes });
  }
}

export function naiveLatency(run: NaiveRun): void {
  const { limits } = run.scenario;
  const rows = [
    ['hook_latency_ms', 'hook_budget', limits.hook_budget_ms, 'pause'],
    ['step_latency_ms', 'step_latency_high', limits.step_latency_high_ms, 'pause'],
    ['kasmina.apply_ms', 'kasmina_apply_slow', limits.kasmina_apply_slow_ms, 'downgrade'],
    ['kasmina.finalize_ms', 'kasmina_finalize_slow', limits.kasmina_finalize_slow_ms, 'downgrade'],
  ] as const;
  for (const [signal, reason, max, action] of rows) {
    const value = run.scenario.metrics.get(signal);
    if (value === undefined) continue;
    const worst = action === 'downgrade' && !run.seed ? null : action;
    if (unreadable(run, { signal, value }, worst)) continue;
    if (value === 0 || !(value > max)) continue;
    const attributes = { latency_ms: run.fixed(value, 2) };
    cross(run, {
      reason,
      action,
      manner: 'overwrite',
      attributes,
      ...(action === 'downgrade' ? { seed: 'mitigates' } : {}),
    });
  }
}

/** Thrown where the prototype throws. */
export class NaiveRaise extends Error {}

export function naiveIsolation(run: NaiveRun): void {
  const violations = run.scenario.metrics.get('kasmina.isolation.violations');
  if (
    violations !== undefined &&
    !unreadable(run, { signal: 'kasmina.isolation.violations', value: violations }, 'pause') &&
    violations > 0
  ) {
    if (!finite(violations)) throw new NaiveRaise('OverflowError');
    const attributes = { violations: formatTruncated(violations) };
    cross(run, {
      reason: 'isolation_violation',
      event: 'isolation_violations',
      action: 'pause',
      manner: 'assign',
      attributes,
    });
  }
  if (!naiveGpu(run)) naiveCpu(run);
}

/** Whether a condition on a signal holds, `null` where it cannot be told (DEV-RE-05). */
function holds(run: NaiveRun, value: number | undefined, test: (value: number) => boolean): boolean | null {
  if (value === undefined) return false;
  if (run.our('DEV-RE-05') && !finite(value)) return null;
  return test(value);
}

/** True when the device is under pressure for sure: then the CPU is not looked at. */
function naiveGpu(run: NaiveRun): boolean {
  const util = run.scenario.metrics.get('gpu_util_percent');
  const free = run.scenario.metrics.get('gpu_mem_free_gb');
  const busy = holds(run, util, (value) => value !== 0 && value >= 95);
  const full = holds(run, free, (value) => value <= 0.2);
  if (busy === false || full === false) return false;
  const worst = run.seed ? 'pause' : null;
  if (busy === null) return !unreadable(run, { signal: 'gpu_util_percent', value: util ?? 0 }, worst);
  if (full === null) return !unreadable(run, { signal: 'gpu_mem_free_gb', value: free ?? 0 }, worst);
  const attributes = { gpu_util: run.fixed(util ?? 0, 1), gpu_mem_free_gb: run.fixed(free ?? 0, 2) };
  cross(run, { reason: 'device_pressure_high', action: 'pause', manner: 'assign', attributes, seed: 'mitigates' });
  return true;
}

function naiveCpu(run: NaiveRun): void {
  const value = run.scenario.metrics.get('cpu_util_percent');
  if (value === undefined || unreadable(run, { signal: 'cpu_util_percent', value }, run.seed ? 'downgrade' : null))
    return;
  if (!(value >= 95) || !run.seed) return;
  cross(run, {
    reason: 'cpu_pressure_high',
    action: 'downgrade',
    manner: 'assign',
    attributes: { cpu_util: run.fixed(value, 1) },
  });
}

export function naiveHints(run: NaiveRun): void {
  const spike = run.scenario.limits.max_loss_spike;
  const rows = [
    ['loss_volatility', 'loss_volatility_high', 0.75 * spike, 'volatility', true],
    ['grad_var', 'grad_variance_high', 1, 'var', false],
    ['grad_conflict_rate', 'grad_conflict_high', 0.5, 'rate', false],
  ] as const;
  for (const [signal, reason, max, attribute, always] of rows) {
    const value = run.scenario.metrics.get(signal);
    if (value === undefined || unreadable(run, { signal, value }, run.seed ? 'downgrade' : null)) continue;
    if (!(value > max) || !(always || run.seed)) continue;
    const attributes = { [attribute]: run.fixed(value, 3) };
    cross(run, { reason, action: 'downgrade', manner: 'assign', attributes, seed: 'mitigates' });
  }
  naiveLearningRate(run);
}

function naiveLearningRate(run: NaiveRun): void {
  const rate = run.scenario.metrics.get('optimizer_lr');
  const delta = run.scenario.lossDelta;
  const low = holds(run, rate, (value) => value <= 0);
  const rising = holds(run, delta, (value) => value > 0.5 * run.scenario.limits.max_loss_spike);
  if (low === false || rising === false) return;
  const worst = run.seed ? 'downgrade' : null;
  if (low === null) unreadable(run, { signal: 'optimizer_lr', value: rate ?? 0 }, worst);
  else if (rising === null) unreadable(run, { signal: 'loss_delta', value: delta }, worst);
  else {
    const attributes = { lr: run.fixed(rate ?? 0, 6), loss_delta: run.fixed(delta, 3) };
    cross(run, { reason: 'optimizer_hint', action: 'downgrade', manner: 'overwrite', attributes, seed: 'mitigates' });
  }
}
