import { finiteSignal, type TelemetryPacket } from '@esper/leyline';
import type { TamiyoMetricName } from './metric-table.js';

/** The value a packet states for a metric, when it does and the value is a finite number. */
export function metricIn(packet: TelemetryPacket, name: TamiyoMetricName): number | undefined {
  const found = packet.metrics.find((metric) => metric.name === name);
  return found === undefined ? undefined : finiteSignal(found.value);
}
