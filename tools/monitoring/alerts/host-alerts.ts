import type { Alert } from '../alert.ts';
import { answers, metric } from '../metric-names.ts';
import { DAY, MINUTE } from '../time-scale.ts';
import { levelAlert } from './level-alert.ts';

const READY = metric('tamiyo.ready');
const WELL = '1x20';
const EXPIRY = metric('tamiyo.policy.expiry_timestamp_seconds');
const KEY = metric('command_verifier.key_expires_in_ms', { state: 'current' });
const keySeries = (state: string): string => metric('command_verifier.key_expires_in_ms', { key_id: 'k', state });
const DAY_MS = DAY * 1000;

/** The host itself: is it there, can it decide, will it still be able to tomorrow. */
export const HOST_ALERTS = [
  levelAlert({
    name: 'TamiyoHostDown',
    summary: 'A host does not answer its scrapes.',
    severity: 'page',
    forSeconds: MINUTE,
    expr: () => `${answers()} == 0`,
    bad: { [answers()]: '1x10 0x10' },
    well: { [answers()]: '1x10 0 1x9' },
    labels: { job: 'tamiyo' },
  }),
  levelAlert({
    name: 'TamiyoNotReady',
    summary: 'A host answers, and could not decide about a packet sent now.',
    severity: 'page',
    forSeconds: MINUTE,
    expr: () => `${READY} == 0`,
    bad: { [READY]: '1x10 0x10' },
    well: { [READY]: WELL },
  }),
  levelAlert({
    name: 'TamiyoPolicyUnavailable',
    summary: 'No policy is in force: no packet gets a command.',
    severity: 'page',
    expr: () => `${metric('tamiyo.policy.in_force')} == 0`,
    bad: { [metric('tamiyo.policy.in_force')]: '0x20' },
    well: { [metric('tamiyo.policy.in_force')]: WELL },
  }),
  {
    name: 'TamiyoPolicyExpires',
    summary: 'The policy in force has expired, or will within three days; an expired one makes every graft a pause.',
    rules: [
      { rule: 'expired', severity: 'page', forSeconds: 0, expr: () => `${EXPIRY} - time() <= 0` },
      { rule: 'soon', severity: 'ticket', forSeconds: 0, expr: () => `0 < ${EXPIRY} - time() < ${3 * DAY}` },
    ],
    cases: [
      { name: 'expired', series: { [EXPIRY]: '600x20' }, atMinute: 15, fires: [{ rule: 'expired' }] },
      { name: 'soon', series: { [EXPIRY]: `${2 * DAY}x20` }, atMinute: 15, fires: [{ rule: 'soon' }] },
      { name: 'later', series: { [EXPIRY]: `${9 * DAY}x20` }, atMinute: 15, fires: [] },
    ],
  },
  levelAlert({
    name: 'TamiyoInferenceUnavailable',
    summary: 'No inference runtime is ready or at work: every decision fails at once.',
    severity: 'page',
    forSeconds: 30,
    expr: () => `sum by (instance) (${metric('tamiyo.inference.runtimes', { state: '~ready|busy' })}) == 0`,
    bad: { [metric('tamiyo.inference.runtimes', { state: 'ready' })]: '1x10 0x10' },
    well: {
      [metric('tamiyo.inference.runtimes', { state: 'ready' })]: '0x20',
      [metric('tamiyo.inference.runtimes', { state: 'busy' })]: WELL,
    },
  }),
  levelAlert({
    name: 'TamiyoInferenceDies',
    summary: 'Inference runtimes end, or are ended because they hang, again and again.',
    severity: 'ticket',
    expr: (at) =>
      `sum by (instance) (increase(${metric('tamiyo.inference.deaths_total')}[${at.range(15 * MINUTE)}]) + increase(${metric('tamiyo.inference.killed_overdue_total')}[${at.range(15 * MINUTE)}])) > 4.5`,
    bad: {
      [metric('tamiyo.inference.deaths_total')]: '0x10 3x10',
      [metric('tamiyo.inference.killed_overdue_total')]: '0x10 3x10',
    },
    well: {
      [metric('tamiyo.inference.deaths_total')]: '0x10 3x10',
      [metric('tamiyo.inference.killed_overdue_total')]: '7x20',
    },
  }),
  {
    name: 'TamiyoKeyExpires',
    summary: 'The key that signs commands runs out; without a successor nothing can be sealed.',
    rules: [
      { rule: 'tomorrow', severity: 'page', forSeconds: 0, expr: () => `${KEY} < ${DAY_MS}` },
      { rule: 'soon', severity: 'ticket', forSeconds: 0, expr: () => `${DAY_MS} <= ${KEY} < ${14 * DAY_MS}` },
    ],
    cases: [
      {
        name: 'within a day',
        series: { [keySeries('current')]: `${DAY_MS / 2}x20` },
        atMinute: 10,
        fires: [{ rule: 'tomorrow', labels: { key_id: 'k', state: 'current' } }],
      },
      {
        name: 'within two weeks',
        series: { [keySeries('current')]: `${5 * DAY_MS}x20` },
        atMinute: 10,
        fires: [{ rule: 'soon', labels: { key_id: 'k', state: 'current' } }],
      },
      {
        name: 'a retired key runs out as it should',
        series: { [keySeries('current')]: `${50 * DAY_MS}x20`, [keySeries('retired')]: '1000x20' },
        atMinute: 10,
        fires: [],
      },
    ],
  },
  levelAlert({
    name: 'TamiyoEventLoopLags',
    summary: 'The event loop of a host stands still for over 50 ms at a time, longer than a decision may take.',
    severity: 'ticket',
    expr: (at) => `avg_over_time(${metric('nodejs_eventloop_lag_p99_seconds')}[${at.range(5 * MINUTE)}]) > 0.05`,
    bad: { [metric('nodejs_eventloop_lag_p99_seconds')]: '0.12x20' },
    well: { [metric('nodejs_eventloop_lag_p99_seconds')]: '0.02x19 0.12' },
  }),
] as const satisfies readonly Alert[];
