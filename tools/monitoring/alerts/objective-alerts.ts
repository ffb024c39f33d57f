import type { Alert, AlertCase, AlertRule } from '../alert.ts';
import { bucket, countOf, metric } from '../metric-names.ts';
import { badShare, budgetOf, OBJECTIVES, type Objective } from '../objectives.ts';
import { DAY, HOUR, MINUTE } from '../time-scale.ts';

/** The four speeds of the SRE workbook: how many times too fast, seen over a long and a short window. */
const SPEEDS = [
  { rule: 'burn-14x-1h', factor: 14.4, longSeconds: HOUR, shortSeconds: 5 * MINUTE, severity: 'page' },
  { rule: 'burn-6x-6h', factor: 6, longSeconds: 6 * HOUR, shortSeconds: 30 * MINUTE, severity: 'page' },
  { rule: 'burn-3x-1d', factor: 3, longSeconds: DAY, shortSeconds: 2 * HOUR, severity: 'ticket' },
  { rule: 'burn-1x-3d', factor: 1, longSeconds: 3 * DAY, shortSeconds: 6 * HOUR, severity: 'ticket' },
] as const;
/** Fewer decisions than this in the long window are too few for a share: one bad one would be an outage. */
const DECISIONS_MIN = 20;

const rulesOf = (objective: Objective): readonly AlertRule[] =>
  SPEEDS.map(({ rule, factor, longSeconds, shortSeconds, severity }) => ({
    rule,
    severity,
    forSeconds: 0,
    expr: (at) => {
      const limit = Number((factor * budgetOf(objective)).toPrecision(6));
      const over = (seconds: number): string => `${badShare(objective, seconds, at)} > ${limit}`;
      const enough = `${objective.all(at.range(longSeconds))} >= ${DECISIONS_MIN}`;
      return `(${over(longSeconds)}) and (${over(shortSeconds)}) and (${enough})`;
    },
  }));

const ALL = SPEEDS.map(({ rule }) => ({ rule }));
/** Two hours at a constant bad share, in decisions of 100 a minute. */
const steady = (
  {
    name,
    badPerMinute,
    fires,
  }: { readonly name: string; readonly badPerMinute: number; readonly fires: AlertCase['fires'] },
  seriesOf: (all: string, bad: string, good: string) => AlertCase['series'],
): AlertCase => ({
  name,
  atMinute: 120,
  fires,
  series: seriesOf('0+100x120', `0+${badPerMinute}x120`, `0+${100 - badPerMinute}x120`),
});

const latencySeries = (all: string, _bad: string, good: string): AlertCase['series'] => ({
  [countOf('tamiyo.decision.duration_seconds')]: all,
  [bucket('tamiyo.decision.duration_seconds', 0.045)]: good,
});
const decisionSeries = (_all: string, bad: string, good: string): AlertCase['series'] => ({
  [metric('tamiyo.decisions.failed_total', { code: 'TIMEOUT_INFERENCE', fault: 'host' })]: bad,
  [metric('tamiyo.decisions.failed_total', { code: 'RUN_HELD', fault: 'operator' })]: '0+500x120',
  [metric('tamiyo.decisions.delivered_total')]: good,
});

const LATENCY_BUDGET: Alert = {
  name: 'TamiyoLatencyBudgetBurns',
  summary: 'Decisions take longer than 45 ms so often that the error budget will not last.',
  rules: rulesOf(OBJECTIVES[0]),
  cases: [
    steady({ name: '90 in 100 are late: all speeds', badPerMinute: 90, fires: ALL }, latencySeries),
    steady({ name: '40 in 100 are late: not the fastest', badPerMinute: 40, fires: ALL.slice(1) }, latencySeries),
    steady({ name: '20 in 100 are late: tickets alone', badPerMinute: 20, fires: ALL.slice(2) }, latencySeries),
    steady({ name: '7 in 100 are late: the slowest alone', badPerMinute: 7, fires: ALL.slice(3) }, latencySeries),
    steady({ name: '3 in 100 are late: within the budget', badPerMinute: 3, fires: [] }, latencySeries),
    {
      name: 'it was bad, and has been well for six hours',
      atMinute: 480,
      fires: [],
      series: latencySeries('0+100x480', '', '0+0x60 100+100x420'),
    },
    { name: 'too few to judge', atMinute: 120, fires: [], series: latencySeries('0x100 1+0x20', '', '0x120') },
  ],
};

const DECISION_BUDGET: Alert = {
  name: 'TamiyoDecisionBudgetBurns',
  summary: 'Packets get no command so often that the error budget will not last.',
  rules: rulesOf(OBJECTIVES[1]),
  cases: [
    steady({ name: '10 in 100 fail: all speeds', badPerMinute: 10, fires: ALL }, decisionSeries),
    steady({ name: '5 in 100 fail: not the fastest', badPerMinute: 5, fires: ALL.slice(1) }, decisionSeries),
    steady({ name: '2 in 100 fail: tickets alone', badPerMinute: 2, fires: ALL.slice(2) }, decisionSeries),
    steady({ name: '1 in 100 fails: the slowest alone', badPerMinute: 1, fires: ALL.slice(3) }, decisionSeries),
    steady({ name: 'none fails, many are held by an operator', badPerMinute: 0, fires: [] }, decisionSeries),
  ],
};

export const OBJECTIVE_ALERTS = [LATENCY_BUDGET, DECISION_BUDGET] as const satisfies readonly Alert[];
