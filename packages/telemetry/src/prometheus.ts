export { TAMIYO_DERIVED_METRICS, type TamiyoDerivedName } from './core/derived-table.js';
export { TAMIYO_HISTOGRAM_METRICS, type TamiyoHistogramName } from './core/histogram-table.js';
export { exposedName, type MetricFamily, type Sample } from './core/metric-family.js';
export type { ExpectedEvent } from './core/metrics-aggregate.js';
export { prometheusText } from './core/prometheus-text.js';
export {
  createPrometheusExporter,
  PROMETHEUS_SERIES_MAX,
  type PrometheusExporter,
} from './shell/prometheus-exporter.js';
