import type { HealthStatus, MessagePriority, MetricPoint, TelemetryEvent, TelemetryPacket } from '@esper/leyline';
import { fitPacket } from './fit-packet.js';
import { priorityIndicator, priorityOf, worstLevel } from './priority.js';

/** A packet that belongs to no decision: a transition, a refusal, a report's fate, the state of telemetry itself. */
export interface NoticeFacts {
  readonly packetId: string;
  readonly timestampMs: number;
  readonly events: readonly TelemetryEvent[];
  readonly trainingRunId?: string;
  readonly metrics?: readonly MetricPoint[];
  /** Stated by whoever knows better than the events; kept as given (RT-04, D-06). */
  readonly priority?: MessagePriority;
  readonly status?: HealthStatus;
  /** The first event's name when not given. */
  readonly summary?: string;
  readonly indicators?: Readonly<Record<string, string>>;
}

/** Level is that of the worst event, status follows from it where it is not given. Pure. */
export function buildNoticePacket(facts: NoticeFacts): TelemetryPacket {
  const priority = facts.priority ?? priorityOf(facts.events);
  const level = worstLevel(facts.events);
  return fitPacket({
    version: 1,
    packetId: facts.packetId,
    sourceSubsystem: 'tamiyo',
    ...(facts.trainingRunId === undefined || facts.trainingRunId === '' ? {} : { trainingRunId: facts.trainingRunId }),
    timestampMs: facts.timestampMs,
    level,
    priority,
    metrics: facts.metrics ?? [],
    events: facts.events,
    spans: [],
    health: {
      status: facts.status ?? STATUS_OF[level],
      summary: facts.summary ?? facts.events[0]?.description ?? 'stable',
      indicators: { ...facts.indicators, priority: priorityIndicator(priority) },
    },
  });
}

const STATUS_OF = {
  UNSPECIFIED: 'UNKNOWN',
  INFO: 'HEALTHY',
  WARNING: 'DEGRADED',
  ERROR: 'DEGRADED',
  CRITICAL: 'CRITICAL',
} as const satisfies Record<TelemetryPacket['level'], HealthStatus>;
