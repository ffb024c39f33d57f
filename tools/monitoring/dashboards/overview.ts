import { metric } from '../metric-names.ts';
import { quantile } from '../objectives.ts';
import { type Dashboard, RATE } from './dashboard.ts';

const DELIVERED = metric('tamiyo.decisions.delivered_total');
const FAILED = metric('tamiyo.decisions.failed_total');

/** What the host decides, how fast, and why. */
export const OVERVIEW: Dashboard = {
  uid: 'tamiyo-overview',
  title: 'Tamiyo: decisions',
  about: 'What is decided, how fast, what risk changed, and which runs are held back.',
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Ready',
          about: '1: a packet sent now could be answered.',
          kind: 'stat',
          unit: 'short',
          width: 4,
          targets: [{ expr: `min(${metric('tamiyo.ready')})`, legend: 'ready' }],
          limit: 1,
          below: true,
        },
        {
          title: 'Runs active',
          about: 'Runs observed in the last 15 minutes.',
          kind: 'stat',
          unit: 'short',
          width: 4,
          targets: [{ expr: `sum(${metric('tamiyo.runs.active')})`, legend: 'runs' }],
        },
        {
          title: 'Decisions a second',
          about: 'New commands; repeated answers are not counted.',
          kind: 'stat',
          unit: 'ops',
          width: 4,
          targets: [{ expr: `sum(rate(${DELIVERED}[${RATE}]))`, legend: 'delivered' }],
        },
        {
          title: 'p95',
          about: 'The whole decision, 95th percentile; the objective is 45 ms.',
          kind: 'stat',
          unit: 's',
          width: 4,
          targets: [{ expr: quantile('tamiyo.decision.duration_seconds', 0.95, RATE), legend: 'p95' }],
          limit: 0.045,
        },
        {
          title: 'Held back',
          about: 'Runs in conservative mode, whoever wants it.',
          kind: 'stat',
          unit: 'short',
          width: 4,
          targets: [{ expr: `sum(${metric('tamiyo.runs.conservative')})`, legend: 'conservative' }],
          limit: 1,
        },
        {
          title: 'Breakers open',
          about: 'Over all active runs.',
          kind: 'stat',
          unit: 'short',
          width: 4,
          targets: [{ expr: `sum(${metric('tamiyo.runs.breakers', { state: '~open|forced_open' })})`, legend: 'open' }],
          limit: 1,
        },
      ],
    },
    {
      title: 'Decisions',
      panels: [
        {
          title: 'How packets were answered, a second',
          about: 'Delivered, repeated, and failed by code. Failures of the host use up the error budget.',
          kind: 'lines',
          unit: 'ops',
          width: 12,
          targets: [
            { expr: `sum(rate(${DELIVERED}[${RATE}]))`, legend: 'delivered' },
            { expr: `sum(rate(${metric('tamiyo.decisions.repeated_total')}[${RATE}]))`, legend: 'repeated' },
            { expr: `sum by (code) (rate(${FAILED}[${RATE}])) > 0`, legend: '{{code}}' },
          ],
        },
        {
          title: 'Commands, a second',
          about: 'By kind of the command that left; risk may have changed it.',
          kind: 'stack',
          unit: 'ops',
          width: 12,
          targets: [
            {
              expr: `sum by (command, changed) (rate(${metric('tamiyo.decisions_total')}[${RATE}]))`,
              legend: '{{command}} changed: {{changed}}',
            },
          ],
        },
        {
          title: 'Latency of decisions',
          about: 'Percentiles of the whole decision, validate to record.',
          kind: 'lines',
          unit: 's',
          width: 12,
          targets: [
            { expr: quantile('tamiyo.decision.duration_seconds', 0.5, RATE), legend: 'p50' },
            { expr: quantile('tamiyo.decision.duration_seconds', 0.95, RATE), legend: 'p95' },
            { expr: quantile('tamiyo.decision.duration_seconds', 0.99, RATE), legend: 'p99' },
          ],
          limit: 0.045,
        },
        {
          title: 'Latency of inference',
          about: 'Percentiles as the decision saw it, queueing included.',
          kind: 'lines',
          unit: 's',
          width: 12,
          targets: [
            { expr: quantile('tamiyo.inference.duration_seconds', 0.5, RATE), legend: 'p50' },
            { expr: quantile('tamiyo.inference.duration_seconds', 0.95, RATE), legend: 'p95' },
            { expr: quantile('tamiyo.inference.duration_seconds', 0.99, RATE), legend: 'p99' },
          ],
        },
      ],
    },
    {
      title: 'Risk',
      panels: [
        {
          title: 'Reasons found, a second',
          about: 'Decisions in which a risk reason was found, the ten most frequent.',
          kind: 'lines',
          unit: 'ops',
          width: 12,
          targets: [
            {
              expr: `topk(10, sum by (reason) (rate(${metric('tamiyo.risk.reasons_total')}[${RATE}])) > 0)`,
              legend: '{{reason}}',
            },
          ],
        },
        {
          title: 'Events of WARNING and above, a second',
          about: 'The ten most frequent.',
          kind: 'lines',
          unit: 'ops',
          width: 12,
          targets: [
            {
              expr: `topk(10, sum by (event) (rate(${metric('tamiyo.events_total', { level: '~WARNING|ERROR|CRITICAL' })}[${RATE}])) > 0)`,
              legend: '{{event}}',
            },
          ],
        },
        {
          title: 'Runs in conservative mode',
          about: 'By who wants it. Structure is frozen in them; steps go on.',
          kind: 'stack',
          unit: 'short',
          width: 8,
          targets: [{ expr: `sum by (cause) (${metric('tamiyo.runs.conservative')})`, legend: '{{cause}}' }],
        },
        {
          title: 'Breakers that are not closed',
          about: 'Active runs by breaker and state.',
          kind: 'lines',
          unit: 'short',
          width: 8,
          targets: [
            {
              expr: `sum by (breaker, state) (${metric('tamiyo.runs.breakers', { state: '~open|half_open|forced_open|disabled' })}) > 0`,
              legend: '{{breaker}} {{state}}',
            },
          ],
        },
        {
          title: 'Runs',
          about: 'Known, active, held by an operator; decisions waiting or running.',
          kind: 'lines',
          unit: 'short',
          width: 8,
          targets: [
            { expr: `sum(${metric('tamiyo.runs.known')})`, legend: 'known' },
            { expr: `sum(${metric('tamiyo.runs.active')})`, legend: 'active' },
            { expr: `sum(${metric('tamiyo.runs.held')})`, legend: 'held' },
            { expr: `sum(${metric('tamiyo.runs.pending')})`, legend: 'decisions pending' },
          ],
        },
        {
          title: 'Coverage of features',
          about: 'Share of the features a decision should have; below 0.7 for minutes is told.',
          kind: 'lines',
          unit: 'percentunit',
          width: 12,
          max: 1,
          targets: [
            { expr: `min(${metric('tamiyo.gnn.feature_coverage')})`, legend: 'average over types' },
            { expr: `min(${metric('tamiyo.gnn.feature_coverage_min')})`, legend: 'least covered type' },
          ],
          limit: 0.7,
          below: true,
        },
        {
          title: 'Risk of the policy’s own proposals',
          about: 'Expected severity, 0 to 1, of the newest decision.',
          kind: 'lines',
          unit: 'percentunit',
          width: 12,
          max: 1,
          targets: [{ expr: `max(${metric('tamiyo.policy.risk_score')})`, legend: 'risk score' }],
        },
      ],
    },
  ],
};
