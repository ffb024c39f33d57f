import type { Alert, AlertCase, AlertRule } from '../alert.ts';
import { metric } from '../metric-names.ts';
import { MINUTE } from '../time-scale.ts';
import { type EventAlert, eventAlert } from './event-alert.ts';
import { levelAlert } from './level-alert.ts';

const COVERAGE = metric('tamiyo.gnn.feature_coverage');
const RISKY = metric('tamiyo.bsds.elevated_risk_flag');
const REFUSED = metric('tamiyo.verifier.failures_total');
const LONGEST = metric('tamiyo.runs.conservative_longest_seconds');
const CONSERVATIVE_SECONDS_MAX = 30 * MINUTE;

/** A quota of the engine that is used up, whether the rule that counts it is enforced or in shadow. */
function spentAlert(given: EventAlert & { readonly event: 'pause_quota_exhausted' | 'rollback_spent' }): Alert {
  const shadow = metric('tamiyo.risk.shadow_reasons_total', { reason: given.event });
  const alert = eventAlert({ ...given, withinSeconds: 15 * MINUTE });
  const alsoInShadow = (rule: AlertRule): AlertRule => ({
    ...rule,
    expr: (at) => `${rule.expr(at)} or sum by (instance) (increase(${shadow}[${at.range(15 * MINUTE)}])) > 0.5`,
  });
  const inShadow: AlertCase = {
    name: 'happened in shadow',
    series: { [shadow]: '0x10 1x2' },
    atMinute: 12,
    fires: [{ rule: 'happened' }],
  };
  return { ...alert, rules: alert.rules.map(alsoInShadow), cases: [...alert.cases, inShadow] };
}

/** What goes on in training runs that somebody has to look at. */
export const RUN_ALERTS = [
  eventAlert({
    name: 'TamiyoDependencyViolation',
    summary: 'A command would have named something that is not there; it was refused.',
    ids: ['DG-13'],
    event: 'dependency_guard.violation',
    severity: 'page',
  }),
  levelAlert({
    name: 'TamiyoVerifierRejections',
    summary: 'An executing side refuses commands: wrong key, wrong clock, or somebody else sends them.',
    severity: 'page',
    expr: (at) => `sum by (instance) (increase(${REFUSED}[${at.range(5 * MINUTE)}])) > 0`,
    bad: { [REFUSED]: '0x18 2x2' },
    well: { [REFUSED]: '2x20' },
  }),
  levelAlert({
    name: 'TamiyoBreakerOpen',
    summary: 'A breaker stands open in a run: what it guards is not even tried.',
    severity: 'page',
    forSeconds: 2 * MINUTE,
    expr: () => `sum by (instance, breaker) (${metric('tamiyo.runs.breakers', { state: '~open|forced_open' })}) > 0`,
    bad: {
      [metric('tamiyo.runs.breakers', { breaker: 'inference', state: 'open' })]: '0x10 1x10',
      [metric('tamiyo.runs.breakers', { breaker: 'metadata', state: 'open' })]: '0x20',
    },
    well: {
      [metric('tamiyo.runs.breakers', { breaker: 'inference', state: 'open' })]: '1x18 0x2',
      [metric('tamiyo.runs.breakers', { breaker: 'inference', state: 'half_open' })]: '1x20',
    },
    labels: { breaker: 'inference' },
  }),
  levelAlert({
    name: 'TamiyoConservativeTooLong',
    summary: 'A run has been in conservative mode for over half an hour, and not because an operator wants it.',
    ids: ['CM-19'],
    severity: 'ticket',
    expr: (at) => `${LONGEST} > ${at.seconds(CONSERVATIVE_SECONDS_MAX)}`,
    bad: { [LONGEST]: '1500+60x20' },
    well: { [LONGEST]: '0+60x20' },
  }),
  spentAlert({
    name: 'TamiyoPauseQuotaSpent',
    summary: 'The risk engine paused a run so often that somebody has to look.',
    event: 'pause_quota_exhausted',
    severity: 'ticket',
  }),
  spentAlert({
    name: 'TamiyoRollbackSpent',
    summary: 'A rollback would be due, and the run has had all of its own.',
    event: 'rollback_spent',
    severity: 'page',
  }),
  levelAlert({
    name: 'TamiyoCoverageLow',
    summary: 'Decisions are made on less than 70 % of the features they should have.',
    ids: ['RT-17'],
    severity: 'ticket',
    expr: (at) => `max_over_time(${COVERAGE}[${at.range(3 * MINUTE)}]) < 0.7`,
    bad: { [COVERAGE]: '0.9x10 0.4x10' },
    well: { [COVERAGE]: '0.4x17 0.9 0.4x2' },
  }),
  eventAlert({
    name: 'TamiyoBsdsCritical',
    summary: 'A blueprint that was chosen has a safety sheet that says CRITICAL.',
    ids: ['RT-17'],
    event: 'bsds_hazard_critical',
    severity: 'page',
  }),
  eventAlert({
    name: 'TamiyoBsdsHigh',
    summary: 'Blueprints whose safety sheets say HIGH are chosen again and again.',
    ids: ['RT-17'],
    event: 'bsds_hazard_high',
    severity: 'ticket',
    least: 3,
  }),
  levelAlert({
    name: 'TamiyoBsdsElevatedRisk',
    summary: 'A blueprint that was chosen has a risk of 0.8 or more.',
    ids: ['RT-17'],
    severity: 'page',
    expr: (at) => `max_over_time(${RISKY}[${at.range(MINUTE)}]) > 0.5`,
    bad: { [RISKY]: '0x19 1' },
    well: { [RISKY]: '1x10 0x10' },
  }),
  eventAlert({
    name: 'TamiyoIsolationViolations',
    summary: 'Gradients cross between a seed and its host: the trainer isolates badly.',
    ids: ['RT-17'],
    event: 'isolation_violations',
    severity: 'page',
  }),
  eventAlert({
    name: 'TamiyoTrainingSlow',
    summary: 'Training steps take longer than their limit again and again.',
    ids: ['RT-17', 'PF-43'],
    event: 'step_latency_high',
    severity: 'ticket',
    least: 3,
  }),
] as const satisfies readonly Alert[];
