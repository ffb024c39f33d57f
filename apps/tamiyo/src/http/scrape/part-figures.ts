import type { TrustedKey } from '@esper/command-verifier';
import { VERIFIER_METRICS } from '@esper/command-verifier';
import { FIELD_REPORT_METRICS, type FieldReportStats } from '@esper/field-reports';
import type { ObservedInferenceHost } from '@esper/policy/node';
import type { UnixMs } from '@esper/std';
import type { MetricFamily } from '@esper/telemetry/prometheus';
import { WAL_METRICS, type Wal } from '@esper/wal';
import type { LibraryStats } from '../../adapters/spared-library.js';
import { hostFamily, hostValue } from './host-family.js';

const PREFIX = 'tamiyo.';
const typeOf = (name: string): 'counter' | 'gauge' => (name.endsWith('_total') ? 'counter' : 'gauge');
/** Exported metrics carry the name of the product, whatever a package calls them. */
const exportedName = (name: string): string => (name.startsWith(PREFIX) ? name : PREFIX + name);

/** The counters and the state of one log. */
export function walFamilies(log: string, wal: Pick<Wal, 'stats' | 'recovery'>): readonly MetricFamily[] {
  const stats = wal.stats();
  const labels = { log };
  const counted = Object.entries(WAL_METRICS).map(([name, { field, unit }]) => ({
    name: exportedName(name),
    type: typeOf(name),
    help: `In ${unit}; see the metrics of @esper/wal.`,
    samples: [{ labels, value: stats[field] }],
  }));
  return [
    ...counted,
    hostFamily('tamiyo.wal.writable', [{ labels, value: Number(stats.state === 'open') }]),
    hostFamily('tamiyo.wal.reserve_there', [{ labels, value: Number(stats.reserveThere) }]),
    hostFamily('tamiyo.wal.damaged_places', [{ labels, value: wal.recovery.damages.length }]),
    hostFamily('tamiyo.wal.lost_records', [{ labels, value: wal.recovery.lostAcknowledged }]),
  ];
}

/** Where field reports stand, whether or not a decision has been made. */
export const fieldReportFamilies = (stats: FieldReportStats): readonly MetricFamily[] =>
  Object.entries(FIELD_REPORT_METRICS).map(([name, { field, unit }]) => ({
    name: exportedName(name),
    type: typeOf(name),
    help: `In ${unit}; see the metrics of @esper/field-reports.`,
    samples: [{ labels: {}, value: stats[field] }],
  }));

/** Ages of the keys that have a date; a secret from the environment has none. */
export function keyFamilies(keys: Iterable<TrustedKey>, nowMs: UnixMs): readonly MetricFamily[] {
  const dated = [...keys].filter(({ createdAtMs }) => createdAtMs > 0);
  const family = (name: keyof typeof VERIFIER_METRICS, read: (key: TrustedKey) => number): MetricFamily => ({
    name: exportedName(name),
    type: 'gauge',
    help: VERIFIER_METRICS[name].means,
    samples: dated.map((key) => ({ labels: { key_id: key.keyId, state: key.state }, value: read(key) })),
  });
  return [
    family('command_verifier.key_age_ms', ({ createdAtMs }) => nowMs - createdAtMs),
    family('command_verifier.key_expires_in_ms', ({ notAfterMs }) => notAfterMs - nowMs),
  ];
}

/** The runtimes of the policy in force; counters begin anew with each policy. Nothing without one. */
export function inferenceFamilies(host: Pick<ObservedInferenceHost, 'stats'> | undefined): readonly MetricFamily[] {
  if (host === undefined) {
    return [hostFamily('tamiyo.inference.runtimes', [{ labels: { state: 'ready' }, value: 0 }])];
  }
  const stats = host.stats();
  const states = ['starting', 'ready', 'busy', 'overdue'] as const;
  return [
    hostFamily(
      'tamiyo.inference.runtimes',
      states.map((state) => ({ labels: { state }, value: stats[state] })),
    ),
    hostValue('tamiyo.inference.calls_total', stats.calls),
    hostValue('tamiyo.inference.timeouts_total', stats.timeouts),
    hostValue('tamiyo.inference.unavailable_total', stats.unavailable),
    hostValue('tamiyo.inference.late_dropped_total', stats.lateDropped),
    hostValue('tamiyo.inference.read_late_total', stats.readLate),
    hostValue('tamiyo.inference.starts_total', stats.started),
    hostValue('tamiyo.inference.start_failures_total', stats.startFailures),
    hostValue('tamiyo.inference.killed_overdue_total', stats.killedOverdue),
    hostValue('tamiyo.inference.deaths_total', stats.unorderedDeaths),
  ];
}

/** Look-ups of blueprints that nobody waits for any more, and those not made because of them. */
export const libraryFamilies = (stats: LibraryStats): readonly MetricFamily[] => [
  hostValue('tamiyo.library.lookups_abandoned', stats.abandoned),
  hostValue('tamiyo.library.lookups_abandoned_total', stats.abandonedTotal),
  hostValue('tamiyo.library.lookups_refused_total', stats.refusedTotal),
];
