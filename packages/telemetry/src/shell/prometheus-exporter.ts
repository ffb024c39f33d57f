import type { MetricPoint } from '@esper/leyline';
import { MetricsAggregate } from '../core/metrics-aggregate.js';
import { prometheusText } from '../core/prometheus-text.js';
import type { TelemetryExporter } from '../ports.js';

/** Series one exporter holds; what comes beyond is counted and left out. */
export const PROMETHEUS_SERIES_MAX = 5000;

/** Keeps the newest metrics for whoever scrapes them. */
export interface PrometheusExporter extends TelemetryExporter {
  /** The text of a scrape: what packets have said, and `more` (such as `telemetry.metrics()`), which is current. */
  render(more?: readonly MetricPoint[]): string;
  /** Points that found no place. */
  leftOutCount(): number;
}

/** An exporter whose `render` answers a scrape; serving it over HTTP is the host's. */
export function createPrometheusExporter(seriesMax: number = PROMETHEUS_SERIES_MAX): PrometheusExporter {
  const aggregate = new MetricsAggregate(seriesMax);
  return {
    name: 'prometheus',
    export: (packet) => aggregate.add(packet),
    render: (more = []) => {
      for (const metric of more) aggregate.addPoint(metric);
      return prometheusText(aggregate.series());
    },
    leftOutCount: () => aggregate.leftOutCount,
  };
}
