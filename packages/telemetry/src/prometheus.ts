export {
  createPrometheusExporter,
  PROMETHEUS_SERIES_MAX,
  type PrometheusExporter,
} from './shell/prometheus-exporter.js';
