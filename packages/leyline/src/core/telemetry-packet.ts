import type { HealthStatus, MessagePriority, TelemetryLevel } from './enums.js';
import type { Signal } from './signal.js';

export interface MetricPoint {
  readonly name: string;
  /** A measured value; non-finite values are kept so that they can be seen. */
  readonly value: Signal;
  /** For example `ms`, `ratio`, `count`, `bool`. */
  readonly unit: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface TelemetryEvent {
  /** The catalogue's name, for example `timeout_inference`. Logs prefix it with `tamiyo.`. */
  readonly description: string;
  readonly level: TelemetryLevel;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface TraceSpan {
  readonly name: string;
  /** Offset from the start of the trace, in milliseconds. */
  readonly startMs: number;
  readonly durationMs: number;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface SystemHealth {
  readonly status: HealthStatus;
  readonly summary: string;
  readonly indicators: Readonly<Record<string, string>>;
}

/** One message to whoever watches. Its priority is data: stamped once where it is built, and carried (D-06). */
export interface TelemetryPacket {
  readonly version: 1;
  readonly packetId: string;
  readonly sourceSubsystem: string;
  readonly trainingRunId?: string;
  /** Wall time, milliseconds since 1970. */
  readonly timestampMs: number;
  /** The level of the worst event. */
  readonly level: TelemetryLevel;
  readonly priority: MessagePriority;
  readonly metrics: readonly MetricPoint[];
  readonly events: readonly TelemetryEvent[];
  readonly spans: readonly TraceSpan[];
  readonly health: SystemHealth;
}
