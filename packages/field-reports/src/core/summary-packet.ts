import type { TelemetryPacket } from '@esper/leyline';
import { FIELD_REPORT_METRICS, type FieldReportStats } from './metrics.js';

/**
 * The summary packet (RI-08): every counter since the start and every gauge of now. DEGRADED while anything is pending,
 * NORMAL in priority, HIGH once something was dropped.
 */
export function fieldReportSummary(
  stats: FieldReportStats,
  stamp: { readonly packetId: string; readonly sourceSubsystem: string; readonly atMs: number },
): TelemetryPacket {
  const metrics = Object.entries(FIELD_REPORT_METRICS).map(([name, { field, unit }]) => ({
    name,
    value: stats[field],
    unit,
  }));
  const lost = stats.droppedTotal + stats.unacknowledgedTotal > 0;
  return {
    version: 1,
    packetId: stamp.packetId,
    sourceSubsystem: stamp.sourceSubsystem,
    timestampMs: stamp.atMs,
    level: lost ? 'WARNING' : 'INFO',
    priority: lost ? 'HIGH' : 'NORMAL',
    metrics,
    events: [],
    spans: [],
    health: {
      status: stats.pending > 0 || lost ? 'DEGRADED' : 'HEALTHY',
      summary: 'field_report_publish_summary',
      indicators: { pending: String(stats.pending), dropped: String(stats.droppedTotal) },
    },
  };
}
