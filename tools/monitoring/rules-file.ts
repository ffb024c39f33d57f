import { type Alert, type AlertRule, pageOf } from './alert.ts';
import { ALERT_GROUPS } from './alert-table.ts';
import { type TimeScale, timeScale } from './time-scale.ts';
import { type Yaml, yamlText } from './yaml-text.ts';

/** Where an operator finds the pages; every installation may rewrite it, the file names stay. */
const RUNBOOK = 'docs/runbook';
const GENERATED = '# Written by `pnpm monitoring --write` from tools/monitoring. Do not edit.\n';

const annotationsOf = (alert: Alert): Readonly<Record<string, string>> => ({
  summary: alert.summary,
  runbook_url: `${RUNBOOK}/${pageOf(alert)}`,
});

const labelsOf = ({ rule, severity }: AlertRule): Readonly<Record<string, string>> => ({ rule, severity });

function ruleOf(alert: Alert, rule: AlertRule, at: TimeScale): Yaml {
  return {
    alert: alert.name,
    expr: rule.expr(at),
    ...(rule.forSeconds === 0 ? {} : { for: at.range(rule.forSeconds) }),
    labels: labelsOf(rule),
    annotations: annotationsOf(alert),
  };
}

/** The alert rules of one group; `scale` shortens every duration in them. */
export function rulesFile(group: string, scale = 1): string {
  const at = timeScale(scale);
  const rules = alertsOf(group).flatMap((alert) => alert.rules.map((rule) => ruleOf(alert, rule, at)));
  return GENERATED + yamlText({ groups: [{ name: group, rules }] });
}

/** Their unit tests for `promtool test rules`, beside the rules. A file a group: each test evaluates every rule of its files. */
export function rulesTestFile(group: string): string {
  const tests = alertsOf(group).flatMap((alert) =>
    alert.cases.map((one) => ({
      name: `${alert.name}: ${one.name}`,
      interval: '1m',
      input_series: Object.entries(one.series).map(([series, values]) => ({ series, values })),
      alert_rule_test: [
        {
          eval_time: `${one.atMinute}m`,
          alertname: alert.name,
          exp_alerts: one.fires.map(({ rule, labels = {} }) => ({
            exp_labels: { ...labelsOf(ruleNamed(alert, rule)), ...labels },
            exp_annotations: annotationsOf(alert),
          })),
        },
      ],
    })),
  );
  return GENERATED + yamlText({ rule_files: [`${group}.rules.yml`], evaluation_interval: intervalOf(group), tests });
}

/** Rules over hours need no evaluation each minute of a test; those with a `for` of a minute do, and cases looked at in between. */
const intervalOf = (group: string): string =>
  alertsOf(group).every(
    ({ rules, cases }) =>
      rules.every(({ forSeconds }) => forSeconds === 0) && cases.every(({ atMinute }) => atMinute % 5 === 0),
  )
    ? '5m'
    : '1m';

function alertsOf(group: string): readonly Alert[] {
  const alerts = ALERT_GROUPS[group];
  if (alerts === undefined) throw new TypeError(`there is no group ${group}`);
  return alerts;
}

function ruleNamed(alert: Alert, name: string): AlertRule {
  const found = alert.rules.find(({ rule }) => rule === name);
  if (found === undefined) throw new TypeError(`${alert.name} has no rule ${name}`);
  return found;
}
