export {
  createOpenTelemetryExporter,
  type OpenTelemetryOptions,
  type OpenTelemetryPorts,
} from './adapters/opentelemetry-exporter.js';
