import { formatPythonFloat, formatTruncated } from '../core/format/python-number.js';
import { CRITICAL, INFO, type NaiveRun, WARNING } from './naive-run.js';
import { parsePythonFloat, vectorNumber } from './python-text.js';

type Action = 'downgrade' | 'pause';

interface Crossing {
  readonly reason: string;
  readonly event?: string;
  readonly action: Action;
  readonly manner: 'assign' | 'overwrite';
  readonly attributes: Readonly<Record<string, string>>;
  readonly level?: number;
  readonly enters?: boolean;
  /** `mitigates`: announced always, acts on a SEED only. */
  readonly seed?: 'mitigates';
}

function cross(run: NaiveRun, crossing: Crossing): void {
  const { reason, action, level = WARNING, enters = false } = crossing;
  run.emit(crossing.event ?? reason, level, crossing.attributes);
  if (crossing.seed === 'mitigates' && !run.seed) return;
  run.act({ reason, action, enters, level, standing: false }, crossing.manner);
  if (enters) run.enter(reason);
}

/** DEV-RE-05 for one signal: true when the value is no evidence and has been dealt with. */
function unreadable(
  run: NaiveRun,
  signal: string,
  value: number | string,
  worst: Action | null,
  enters = false,
): boolean {
  if ((typeof value === 'number' && Number.isFinite(value)) || !run.our('DEV-RE-05')) return false;
  run.unknown(signal, value);
  if (worst !== null)
    run.act({ reason: 'signal_unknown', action: worst, enters, level: WARNING, standing: false }, 'overwrite');
  if (enters) run.enter('signal_unknown');
  return true;
}

export function naivePolicyRisk(run: NaiveRun): void {
  const text = run.scenario.annotations['policy_risk_score'] ?? '';
  if (text === '') return;
  const score = parsePythonFloat(text);
  if (unreadable(run, 'policy_risk_score', score ?? text, 'pause', true)) return;
  if (score === undefined || !Number.isFinite(score)) return;
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

/** The record's float text, or the number itself where it is a bare integer. */
const printed = (given: unknown): string =>
  typeof given === 'number' ? String(given) : formatPythonFloat(vectorNumber(given));

const finite = (value: number): boolean => Number.isFinite(value);

/** The risk that counts: with DEV-RE-10 the greater of blueprint and sheet. */
function blueprintRisk(run: NaiveRun): number {
  const { blueprint } = run.scenario;
  const own = vectorNumber(blueprint?.risk ?? 0);
  const given = blueprint?.bsds?.['risk_score'];
  if (given === undefined || !run.our('DEV-RE-10') || !finite(own)) return own;
  const sheet = vectorNumber(given);
  if (!finite(sheet)) return run.our('DEV-RE-05') ? sheet : own;
  return Math.max(own, sheet);
}

function note(run: NaiveRun, key: string, text: string): void {
  if (run.our('DEV-RE-06') || !Object.hasOwn(run.annotations, key)) run.annotations[key] = text;
}

const KNOWN_TIER = /^BLUEPRINT_TIER_(SAFE|EXPERIMENTAL|HIGH_RISK)$/;

function tierOf(run: NaiveRun): string {
  const tier = run.scenario.blueprint?.tier ?? '';
  return KNOWN_TIER.test(tier) || !run.our('DEV-RE-16') ? tier : 'BLUEPRINT_TIER_UNKNOWN';
}

export function naiveBlueprint(run: NaiveRun): void {
  const { blueprint } = run.scenario;
  if (blueprint === null) return;
  const risk = blueprintRisk(run);
  note(run, 'blueprint_tier', tierOf(run));
  note(run, 'blueprint_stage', String(blueprint.stage ?? 0));
  note(run, 'blueprint_risk', run.fixed(risk, 2));
  const quarantined = blueprint.quarantine_only === true;
  if (quarantined || !unreadable(run, 'blueprint', risk, 'pause', true)) judgeBlueprint(run, risk, quarantined);
  if (blueprint.approval_required === true && run.our('DEV-RE-13') && run.seed) {
    cross(run, {
      reason: 'blueprint_approval_required',
      action: 'pause',
      manner: 'overwrite',
      attributes: { blueprint_id: 'bp' },
    });
  }
}

function judgeBlueprint(run: NaiveRun, risk: number, quarantined: boolean): void {
  if (quarantined || risk >= 0.8) {
    const attributes = { tier: tierOf(run) };
    cross(run, {
      reason: 'bp_quarantine',
      action: 'pause',
      manner: 'overwrite',
      attributes,
      level: CRITICAL,
      enters: true,
    });
  } else if (risk >= 0.5 && run.seed) {
    cross(run, {
      reason: 'blueprint_risk',
      action: 'downgrade',
      manner: 'assign',
      attributes: { risk: run.fixed(risk, 2) },
    });
  }
}

const SHEET_NOTES = {
  hazard_band: 'bsds_hazard_band',
  handling_class: 'bsds_handling_class',
  resource_profile: 'bsds_resource_profile',
  provenance: 'bsds_provenance',
} as const;

export function naiveSheet(run: NaiveRun): void {
  const sheet = run.scenario.blueprint?.bsds;
  if (sheet === undefined) return;
  const text = (key: string): string => (sheet[key] as string | undefined) ?? '';
  const score = sheet['risk_score'];
  const provenance = text('provenance');
  for (const [key, annotation] of Object.entries(SHEET_NOTES)) {
    if (Object.hasOwn(sheet, key)) note(run, annotation, text(key));
  }
  if (score !== undefined) note(run, 'bsds_risk', run.fixed(vectorNumber(score), 2));
  run.emit('bsds_present', INFO, {
    hazard: text('hazard_band'),
    risk: score === undefined ? '' : printed(score),
    provenance,
  });
  judgeHandling(run, Object.hasOwn(sheet, 'handling_class') ? text('handling_class') : null, provenance);
  judgeHazard(run, Object.hasOwn(sheet, 'hazard_band') ? text('hazard_band') : null, provenance);
}

/** DEV-RE-11: a word that is in no list. */
function misspelt(run: NaiveRun, signal: string, given: string): void {
  if (!run.our('DEV-RE-11')) return;
  run.unknown(signal, given, 'malformed');
  run.act({ reason: 'signal_unknown', action: 'pause', enters: true, level: WARNING, standing: false }, 'overwrite');
  run.enter('signal_unknown');
}

function judgeHandling(run: NaiveRun, handling: string | null, provenance: string): void {
  if (handling === null) return;
  const known = handling.toLowerCase();
  if (known === 'quarantine') {
    const attributes = { handling: known, provenance };
    cross(run, {
      reason: 'bsds_handling_quarantine',
      action: 'pause',
      manner: 'overwrite',
      attributes,
      level: CRITICAL,
      enters: true,
    });
  } else if (known !== 'standard' && known !== 'restricted') misspelt(run, 'sheet.handling_class', handling);
}

function judgeHazard(run: NaiveRun, hazard: string | null, provenance: string): void {
  if (hazard === null) return;
  const known = hazard.toUpperCase();
  const attributes = { hazard: known, provenance };
  if (known === 'CRITICAL') {
    cross(run, {
      reason: 'bsds_hazard_critical',
      action: 'pause',
      manner: 'overwrite',
      attributes,
      level: CRITICAL,
      enters: true,
    });
  } else if (known === 'HIGH') {
    cross(run, { reason: 'bsds_hazard_high', action: 'downgrade', manner: 'assign', attributes, seed: 'mitigates' });
  } else if (known !== 'LOW' && known !== 'MEDIUM') misspelt(run, 'sheet.hazard_band', hazard);
}

export function naiveLoss(run: NaiveRun): void {
  if (run.silencedByTimeout) return;
  const delta = run.scenario.lossDelta;
  if (unreadable(run, 'loss_delta', delta, 'pause', true)) return;
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
    if (unreadable(run, signal, value, worst)) continue;
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
    !unreadable(run, 'kasmina.isolation.violations', violations, 'pause') &&
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
  if (busy === null) return !unreadable(run, 'gpu_util_percent', util ?? 0, worst);
  if (full === null) return !unreadable(run, 'gpu_mem_free_gb', free ?? 0, worst);
  const attributes = { gpu_util: run.fixed(util ?? 0, 1), gpu_mem_free_gb: run.fixed(free ?? 0, 2) };
  cross(run, { reason: 'device_pressure_high', action: 'pause', manner: 'assign', attributes, seed: 'mitigates' });
  return true;
}

function naiveCpu(run: NaiveRun): void {
  const value = run.scenario.metrics.get('cpu_util_percent');
  if (value === undefined || unreadable(run, 'cpu_util_percent', value, run.seed ? 'downgrade' : null)) return;
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
    if (value === undefined || unreadable(run, signal, value, run.seed ? 'downgrade' : null)) continue;
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
  if (low === null) unreadable(run, 'optimizer_lr', rate ?? 0, worst);
  else if (rising === null) unreadable(run, 'loss_delta', delta, worst);
  else {
    const attributes = { lr: run.fixed(rate ?? 0, 6), loss_delta: run.fixed(delta, 3) };
    cross(run, { reason: 'optimizer_hint', action: 'downgrade', manner: 'overwrite', attributes, seed: 'mitigates' });
  }
}
