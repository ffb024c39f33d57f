import type { Alert } from '../alert.ts';
import { event, metric } from '../metric-names.ts';
import { MINUTE } from '../time-scale.ts';
import { eventAlert } from './event-alert.ts';
import { levelAlert } from './level-alert.ts';

const LOST = metric('tamiyo.wal.lost_records');
const WRITABLE = metric('tamiyo.wal.writable');
const eventSeries = (name: 'wal_damage' | 'wal_poisoned'): string =>
  metric('tamiyo.events_total', { event: name, level: 'CRITICAL' });
const FAILED_REPORTS = metric('tamiyo.field_reports.dropped_total');
const BACKLOG = metric('tamiyo.field_reports.retry_backlog');

/** What must not be lost: the logs, telemetry, field reports, and the bus they leave by. */
export const RECORD_ALERTS = [
  levelAlert({
    name: 'TamiyoLogDamaged',
    summary: 'A log was found damaged when it was opened; it stays told until the host is started again.',
    severity: 'page',
    expr: () => `max by (instance) (${event('wal_damage')}) > 0 or max by (instance) (${LOST}) > 0`,
    bad: { [eventSeries('wal_damage')]: '1x20', [metric('tamiyo.wal.lost_records', { log: 'log' })]: '0x20' },
    well: { [eventSeries('wal_damage')]: '0x20', [metric('tamiyo.wal.lost_records', { log: 'log' })]: '0x20' },
  }),
  levelAlert({
    name: 'TamiyoLogPoisoned',
    summary: 'A log can make nothing more durable: no decision can be recorded, so none is made.',
    severity: 'page',
    expr: () => `max by (instance) (${event('wal_poisoned')}) > 0 or min by (instance) (${WRITABLE}) < 1`,
    bad: { [eventSeries('wal_poisoned')]: '0x20', [metric('tamiyo.wal.writable', { log: 'log' })]: '1x10 0x10' },
    well: { [eventSeries('wal_poisoned')]: '0x20', [metric('tamiyo.wal.writable', { log: 'log' })]: '1x20' },
  }),
  eventAlert({
    name: 'TamiyoLogFull',
    summary: 'A log takes no more records because the disk is full.',
    event: 'wal_full',
    severity: 'page',
  }),
  eventAlert({
    name: 'TamiyoRecordLost',
    summary: 'A record that had to be written could not be: the log no longer tells everything.',
    event: 'record_lost',
    severity: 'page',
  }),
  eventAlert({
    name: 'TamiyoCriticalTelemetryLost',
    summary: 'CRITICAL telemetry was dropped; somebody should have been told something and was not.',
    event: 'telemetry_critical_lost',
    severity: 'page',
    withinSeconds: 15 * MINUTE,
  }),
  levelAlert({
    name: 'TamiyoTelemetryBlind',
    summary: 'A telemetry lane has had packets that nobody takes for most of the last five minutes.',
    severity: 'ticket',
    forSeconds: 5 * MINUTE,
    expr: (at) => `rate(${metric('tamiyo.telemetry.blind_ms')}[${at.range(5 * MINUTE)}]) > 500`,
    bad: { [metric('tamiyo.telemetry.blind_ms', { lane: 'telemetry' })]: '0+60000x20' },
    well: { [metric('tamiyo.telemetry.blind_ms', { lane: 'telemetry' })]: '0+600x20' },
    labels: { lane: 'telemetry' },
  }),
  levelAlert({
    name: 'TamiyoEmergencyLaneLimited',
    summary: 'So many urgent packets are raised that the emergency lane sends summaries of them.',
    ids: ['RT-08', 'RT-12'],
    severity: 'ticket',
    expr: (at) =>
      `sum by (instance) (increase(${metric('tamiyo.telemetry.delivered_total', { lane: 'emergency', how: 'summary' })}[${at.range(5 * MINUTE)}])) > 0`,
    bad: { [metric('tamiyo.telemetry.delivered_total', { lane: 'emergency', how: 'summary' })]: '0x18 7x2' },
    well: { [metric('tamiyo.telemetry.delivered_total', { lane: 'emergency', how: 'summary' })]: '7x20' },
  }),
  levelAlert({
    name: 'TamiyoFieldReportsStuck',
    summary: 'Field reports are given up, or more than a hundred wait for another attempt.',
    severity: 'ticket',
    expr: (at) =>
      `sum by (instance) (increase(${FAILED_REPORTS}[${at.range(15 * MINUTE)}])) > 0 or max by (instance) (${BACKLOG}) > 100`,
    bad: { [FAILED_REPORTS]: '0x15 1x5', [BACKLOG]: '3x20' },
    well: { [FAILED_REPORTS]: '4x20', [BACKLOG]: '3x20' },
  }),
  levelAlert({
    name: 'TamiyoBusBacklog',
    summary: 'A group of a stream has over 4,000 messages before it that it has not acknowledged.',
    ids: ['RT-17', 'RT-18'],
    severity: 'ticket',
    forSeconds: MINUTE,
    expr: () => `max by (instance, stream) (${metric('tamiyo.bus.unacknowledged')}) > 4000`,
    bad: { [metric('tamiyo.bus.unacknowledged', { stream: 'oona.telemetry' })]: '0x10 5000x10' },
    well: { [metric('tamiyo.bus.unacknowledged', { stream: 'oona.telemetry' })]: '3999x20' },
    labels: { stream: 'oona.telemetry' },
  }),
] as const satisfies readonly Alert[];
