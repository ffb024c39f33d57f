import type { HOST_EVENTS } from '../../apps/tamiyo/src/host/host-event-table.ts';
import { HTTP_METRICS } from '../../apps/tamiyo/src/http/http-counts.ts';
import { HOST_METRICS } from '../../apps/tamiyo/src/http/scrape/host-metric-table.ts';
import { VERIFIER_METRICS } from '../../packages/command-verifier/src/core/metrics.ts';
import { FIELD_REPORT_METRICS } from '../../packages/field-reports/src/core/metrics.ts';
import type { RISK_EVENTS } from '../../packages/risk-engine/src/core/events.ts';
import { TAMIYO_DERIVED_METRICS } from '../../packages/telemetry/src/core/derived-table.ts';
import type { TAMIYO_EVENTS } from '../../packages/telemetry/src/core/event-table.ts';
import type { TAMIYO_HISTOGRAM_METRICS } from '../../packages/telemetry/src/core/histogram-table.ts';
import { TAMIYO_METRICS } from '../../packages/telemetry/src/core/metric-table.ts';
import { WAL_METRICS } from '../../packages/wal/src/core/metrics.ts';

/** Every table a dashboard or rule may name a metric of. A metric that is renamed there no longer compiles here. */
const TABLES = {
  ...TAMIYO_METRICS,
  ...TAMIYO_DERIVED_METRICS,
  ...HOST_METRICS,
  ...HTTP_METRICS,
  ...WAL_METRICS,
  ...FIELD_REPORT_METRICS,
  ...VERIFIER_METRICS,
} as const;

export type MetricName = Exclude<keyof typeof TABLES, 'tamiyo.gnn.feature_coverage.<type>'>;
export type HistogramName = keyof typeof TAMIYO_HISTOGRAM_METRICS;
export type EventName = keyof typeof TAMIYO_EVENTS | keyof typeof RISK_EVENTS | keyof typeof HOST_EVENTS;

type Attributes<Name extends MetricName> = (typeof TABLES)[Name] extends {
  readonly attributes: readonly (infer Label extends string)[];
}
  ? Label
  : string;
type Matchers<Name extends MetricName> = Readonly<Partial<Record<Attributes<Name>, string>>>;
type BoundOf<Name extends HistogramName> = (typeof TAMIYO_HISTOGRAM_METRICS)[Name]['bounds'][number];

/** Metrics that Prometheus itself makes of each scrape. */
const OF_THE_SCRAPE = 'up';
/** The name of the job that scrapes hosts; part of the rules. */
export const JOB = 'tamiyo';

/** The name as a scrape has it; the product's name stands before what packages count. */
function exposed(name: MetricName | HistogramName): string {
  const bare = /^(?:tamiyo\.|process_|nodejs_)/.test(name) ? name : `tamiyo.${name}`;
  return bare.replace(/[^a-zA-Z0-9_:]/g, '_');
}

/** A metric with matchers; a value that begins with `~` is a pattern. */
export const metric = <Name extends MetricName>(name: Name, matchers?: Matchers<Name>): string =>
  exposed(name) + matchersText((matchers ?? {}) as Readonly<Record<string, string>>);

/** How often an event happened, by its name on the wire. */
export const event = (name: EventName): string => metric('tamiyo.events_total', { event: name });

/** The bucket of everything up to `le`, which must be a bound of the histogram. */
export const bucket = <Name extends HistogramName>(name: Name, le: BoundOf<Name>): string =>
  `${exposed(name)}_bucket{le="${le}"}`;
/** All buckets, for quantiles. */
export const buckets = (name: HistogramName): string => `${exposed(name)}_bucket`;
export const countOf = (name: HistogramName): string => `${exposed(name)}_count`;

/** Whether the host answered its last scrape. */
export const answers = (): string => `${OF_THE_SCRAPE}{job="${JOB}"}`;

function matchersText(matchers: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(matchers).map(([label, value]) =>
    value.startsWith('~') ? `${label}=~"${value.slice(1)}"` : `${label}="${value}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}
