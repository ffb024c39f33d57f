import type { KeyRingHolder } from '@esper/command-verifier';
import { RISK_EVENTS } from '@esper/risk-engine';
import type { WallClock } from '@esper/std';
import { TAMIYO_EVENTS } from '@esper/telemetry';
import {
  createPrometheusExporter,
  type MetricFamily,
  PROMETHEUS_SERIES_MAX,
  type PrometheusExporter,
} from '@esper/telemetry/prometheus';
import type { Host } from '../../compose.js';
import { HOST_EVENTS } from '../../host/host-event-table.js';
import { busFamilies } from './bus-figures.js';
import { DecisionOutcomes } from './decision-outcomes.js';
import { hostFamily, hostValue } from './host-family.js';
import { fieldReportFamilies, inferenceFamilies, keyFamilies, libraryFamilies, walFamilies } from './part-figures.js';
import { watchProcess } from './process-figures.js';
import { runFamilies } from './run-figures.js';
import { sharingFamilies } from './sharing-figures.js';

export interface ScrapeSetup {
  readonly keys: Pick<KeyRingHolder, 'current'>;
  readonly clock: WallClock;
  readonly version: string;
  readonly configDigest: string;
}

/** The level an event usually has; where there are several, the first. */
const usualLevel = (level: string): string => level.split(/ or |, /)[0] ?? level;

/** Every event that a packet of a host may carry, and what rules in shadow may find that somebody has to know. */
const EXPECTED = [
  ...Object.entries({ ...TAMIYO_EVENTS, ...RISK_EVENTS, ...HOST_EVENTS }).map(([event, { level }]) => ({
    event,
    level: usualLevel(level),
  })),
  ...['pause_quota_exhausted', 'rollback_spent'].map((shadowReason) => ({
    event: 'shadow_finding',
    level: RISK_EVENTS.shadow_finding.level,
    shadowReason,
  })),
];

/** What answers scrapes. */
export interface HostScrape {
  /** Hears every telemetry packet; the host gets it when it is opened. */
  readonly exporter: PrometheusExporter;
  /** The same host, watched until it is closed: nothing is done in a decision but counting how it ended. */
  watch(host: Host): WatchedHost;
}

export interface WatchedHost {
  readonly host: Host;
  /** What packets have said, and everything that a host counts anyway, read now. */
  text(): string;
}

export function createHostScrape(setup: ScrapeSetup): HostScrape {
  const exporter = createPrometheusExporter(PROMETHEUS_SERIES_MAX, EXPECTED);
  return {
    exporter,
    watch: (opened) => {
      const outcomes = new DecisionOutcomes();
      const own = watchProcess();
      const host: Host = {
        ...outcomes.counting(opened),
        close: () => {
          own.close();
          return opened.close();
        },
      };
      const text = (): string =>
        exporter.render(host.telemetry.metrics(), [
          ...hostFamilies(host, setup),
          ...outcomes.families(),
          ...own.families(),
        ]);
      return { host, text };
    },
  };
}

function hostFamilies(host: Host, { keys, clock, version, configDigest }: ScrapeSetup): readonly MetricFamily[] {
  const nowMs = clock.wallMs();
  const { ready, checks } = host.readiness();
  const policy = host.policies.current();
  const expiresAtMs = policy?.bundle.manifest.expiresAtMs;
  const labels = {
    version,
    node: process.version,
    architecture: policy?.active.version ?? '',
    policy: policy?.active.digest ?? '',
    config: configDigest,
  };
  return [
    hostFamily('tamiyo.build_info', [{ labels, value: 1 }]),
    hostValue('tamiyo.ready', Number(ready)),
    hostFamily(
      'tamiyo.ready_check',
      checks.map(({ name, ok }) => ({ labels: { check: name }, value: Number(ok) })),
    ),
    hostValue('tamiyo.policy.in_force', Number(policy !== undefined)),
    ...(expiresAtMs === undefined ? [] : [hostValue('tamiyo.policy.expiry_timestamp_seconds', expiresAtMs / 1000)]),
    ...runFamilies(host, nowMs),
    ...inferenceFamilies(policy?.host),
    ...libraryFamilies(host.libraryStats()),
    ...walFamilies('log', host.log),
    ...busFamilies(host.bus),
    ...sharingFamilies(host.sharing?.()),
    ...fieldReportFamilies(host.fieldReports.stats()),
    ...keyFamilies(keys.current().values(), nowMs),
  ];
}
