import type { MetricPoint, TelemetryLevel, TelemetryPacket } from '@esper/leyline';
import { logNameOf } from './event-table.js';
import { metricIn } from './packet-metric.js';

/** The levels of a log, as pino names them. */
export type LogLevel = 'info' | 'warn' | 'error' | 'fatal';

/** One line of a structured log. */
export interface LogLine {
  readonly level: LogLevel;
  /** `tamiyo.timeout_inference`: what happened. */
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const LEVELS = {
  UNSPECIFIED: 'info',
  INFO: 'info',
  WARNING: 'warn',
  ERROR: 'error',
  CRITICAL: 'fatal',
} as const satisfies Record<TelemetryLevel, LogLevel>;

const COVERAGE = 'tamiyo.gnn.feature_coverage.';

/**
 * A packet as log lines: first, for a decision, `tamiyo.decision` with every metric, the coverage map and how it was routed; then one
 * line for each event, under its log name. What identifies the packet stands in each line.
 */
export function logLines(packet: TelemetryPacket): readonly LogLine[] {
  const identity = {
    packet_id: packet.packetId,
    source: packet.sourceSubsystem,
    ...(packet.trainingRunId === undefined ? {} : { training_run_id: packet.trainingRunId }),
    at_ms: packet.timestampMs,
    priority: packet.priority,
  };
  const events = packet.events.map(
    ({ description, level, attributes }): LogLine => ({
      level: LEVELS[level],
      message: logNameOf(description),
      // Attributes come from packets; they may not pass for what identifies the line.
      fields: { ...identity, attributes },
    }),
  );
  return metricIn(packet, 'tamiyo.decision.latency_ms') === undefined
    ? events
    : [decisionLine(packet, identity), ...events];
}

function decisionLine(packet: TelemetryPacket, identity: Readonly<Record<string, unknown>>): LogLine {
  const { status, summary, indicators } = packet.health;
  const coverage = packet.metrics.filter(({ name }) => name.startsWith(COVERAGE));
  const others = packet.metrics.filter(({ name }) => !name.startsWith(COVERAGE));
  return {
    level: LEVELS[packet.level],
    message: 'tamiyo.decision',
    fields: {
      ...identity,
      health: status,
      summary,
      indicators,
      metrics: Object.fromEntries(others.map((metric) => [seriesName(metric), metric.value])),
      coverage_map: Object.fromEntries(coverage.map(({ name, value }) => [name.slice(COVERAGE.length), value])),
      spans: packet.spans.map(({ name, durationMs }) => `${name}=${durationMs.toFixed(3)}`),
    },
  };
}

/** `tamiyo.blending.mode{mode=CONFIDENCE,source=policy}`. */
function seriesName({ name, attributes = {} }: MetricPoint): string {
  const pairs = Object.entries(attributes).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}
