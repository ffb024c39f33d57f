import type { MetricPoint } from '@esper/leyline';
import { TAMIYO_DERIVED_METRICS } from '../core/derived-table.js';
import type { MetricFamily } from '../core/metric-family.js';
import { type ExpectedEvent, MetricsAggregate } from '../core/metrics-aggregate.js';
import { prometheusText } from '../core/prometheus-text.js';
import type { TelemetryExporter } from '../ports.js';

/** Series one exporter holds; what comes beyond is counted and left out. */
export const PROMETHEUS_SERIES_MAX = 5000;

/** Keeps the newest metrics for whoever scrapes them. */
export interface PrometheusExporter extends TelemetryExporter {
  /**
   * The text of a scrape: what packets have said, `more` (such as `telemetry.metrics()`), which is current, and `families` of
   * somebody else, which stand for what packets have said under the same names.
   */
  render(more?: readonly MetricPoint[], families?: readonly MetricFamily[]): string;
  /** Points that found no place. */
  leftOutCount(): number;
}

/** An exporter whose `render` answers a scrape; serving it over HTTP is the host's. `expected` events are shown from 0 on. */
export function createPrometheusExporter(
  seriesMax: number = PROMETHEUS_SERIES_MAX,
  expected: readonly ExpectedEvent[] = [],
): PrometheusExporter {
  const aggregate = new MetricsAggregate(seriesMax, expected);
  return {
    name: 'prometheus',
    export: (packet) => aggregate.add(packet),
    render: (more = [], families = []) => {
      for (const metric of more) aggregate.addPoint(metric);
      const current = new Set(families.map(({ name }) => name));
      const told = aggregate.families().filter(({ name }) => !current.has(name));
      return prometheusText([...told, ...families, ...leftOut(aggregate.leftOutCount)]);
    },
    leftOutCount: () => aggregate.leftOutCount,
  };
}

function leftOut(count: number): readonly MetricFamily[] {
  const name = 'tamiyo.metrics.series_left_out_total';
  if (count === 0) return [];
  return [{ name, type: 'counter', help: TAMIYO_DERIVED_METRICS[name].means, samples: [{ labels: {}, value: count }] }];
}
