import { HEALTH_STATUSES, MESSAGE_PRIORITIES, TELEMETRY_LEVELS } from '../core/enums.js';
import type {
  MetricPoint,
  SystemHealth,
  TelemetryEvent,
  TelemetryPacket,
  TraceSpan,
} from '../core/telemetry-packet.js';
import { LIMITS } from './limits.js';
import { attributes, fact, list, name, nameOf, record, signal, text, versionOne, whole } from './schema-parts.js';

const metric = record<MetricPoint>({
  name: name(),
  value: signal,
  unit: text(LIMITS.signalCharsMax),
  attributes: attributes.optional(),
});

const event = record<TelemetryEvent>({
  description: name(),
  level: nameOf(TELEMETRY_LEVELS),
  attributes,
});

const span = record<TraceSpan>({
  name: name(),
  startMs: fact(),
  durationMs: fact(0),
  attributes: attributes.optional(),
});

const health = record<SystemHealth>({
  status: nameOf(HEALTH_STATUSES),
  summary: text(LIMITS.sentenceCharsMax),
  indicators: attributes,
});

export const telemetryPacketSchema = record<TelemetryPacket>({
  version: versionOne,
  packetId: name(),
  sourceSubsystem: name(),
  trainingRunId: name().optional(),
  timestampMs: whole(),
  level: nameOf(TELEMETRY_LEVELS),
  priority: nameOf(MESSAGE_PRIORITIES),
  metrics: list(metric, LIMITS.metricsMax),
  events: list(event, LIMITS.eventsMax),
  spans: list(span, LIMITS.spansMax),
  health,
});
