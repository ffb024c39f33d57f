import type { MetricPoint, TelemetryEvent, TelemetryPacket } from '@esper/leyline';
import type { Supervision } from './supervision.js';

/** What the supervisor reports beside what it has seen. */
export interface SupervisionReport {
  readonly supervision: Supervision;
  readonly publishFailures: number;
  readonly undecodable: number;
  /** Entries of each stream that this supervisor has not acknowledged. */
  readonly queueDepths: Readonly<Record<string, number>>;
  readonly nowMs: number;
}

/** The supervisor's own packet (RT-13 to RT-15), with the names of the prototype. Pure. */
export function supervisionPacket(report: SupervisionReport): TelemetryPacket {
  const { supervision, nowMs } = report;
  const { hazard, provenance } = supervision.hazard;
  return {
    version: 1,
    packetId: `weatherlight-${nowMs}`,
    sourceSubsystem: 'weatherlight',
    timestampMs: nowMs,
    level: 'INFO',
    priority: 'NORMAL',
    metrics: [...emergencyMetrics(report), ...volumeMetrics(report), ...coverageMetrics(supervision)],
    events: lastReason(supervision),
    spans: [],
    health: {
      status: 'HEALTHY',
      summary: 'supervision',
      indicators: {
        priority: 'MESSAGE_PRIORITY_NORMAL',
        ...(hazard === undefined ? {} : { bsds_hazard: hazard }),
        ...(provenance === undefined ? {} : { bsds_provenance: provenance }),
      },
    },
  };
}

function emergencyMetrics({ supervision, nowMs }: SupervisionReport): readonly MetricPoint[] {
  const { emergencies, detections, lastDetectionMs, lastTamiyoEmergencyMs, lastLevel } = supervision;
  const total = Object.values(emergencies).reduce((sum, count) => sum + count, 0);
  const ago = (name: string, atMs: number | undefined): readonly MetricPoint[] =>
    atMs === undefined ? [] : [{ name: `weatherlight.emergency.${name}`, value: nowMs - atMs, unit: 'ms' }];
  return [
    { name: 'weatherlight.emergency.telemetry_total', value: total, unit: 'count' },
    { name: 'weatherlight.emergency.tamiyo_total', value: emergencies['tamiyo'] ?? 0, unit: 'count' },
    { name: 'weatherlight.emergency.detections_total', value: detections, unit: 'count' },
    { name: 'weatherlight.emergency.last_level', value: lastLevel, unit: 'level' },
    ...ago('tamiyo_last_ms_ago', lastTamiyoEmergencyMs),
    ...ago('last_detect_ms_ago', lastDetectionMs),
  ];
}

function volumeMetrics({ supervision, publishFailures, undecodable, queueDepths }: SupervisionReport) {
  const { packets, bytes, priorities } = supervision;
  const by = (
    name: string,
    counts: Readonly<Record<string, number>>,
    { key = 'stream', unit = 'count' }: { readonly key?: string; readonly unit?: string } = {},
  ): MetricPoint[] =>
    Object.entries(counts).map(([word, value]) => ({ name, value, unit, attributes: { [key]: word } }));
  return [
    ...by('weatherlight.telemetry.packets_total', packets),
    ...by('weatherlight.telemetry.bytes_total', bytes, { unit: 'bytes' }),
    ...by('weatherlight.telemetry.priority_total', priorities, { key: 'priority' }),
    ...by('oona.queue_depth', queueDepths),
    { name: 'weatherlight.telemetry.publish_failures', value: publishFailures, unit: 'count' },
    { name: 'weatherlight.telemetry.undecodable_total', value: undecodable, unit: 'count' },
  ];
}

const coverageMetrics = ({ coverage }: Supervision): readonly MetricPoint[] =>
  Object.entries(coverage).map(([type, value]) => ({
    name: `weatherlight.tamiyo.coverage.${type}`,
    value,
    unit: 'ratio',
  }));

const lastReason = ({ lastReason: reason, detections }: Supervision): readonly TelemetryEvent[] =>
  detections === 0 ? [] : [{ description: 'emergency_last_reason', level: 'INFO', attributes: { reason } }];
