import { finiteSignal, type MetricPoint, type TelemetryPacket } from '@esper/leyline';
import {
  type Attributes,
  type Counter,
  type Gauge,
  type Meter,
  ROOT_CONTEXT,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { metricKindOf } from '../core/metric-point.js';
import { TAMIYO_METRICS, type TamiyoMetricName } from '../core/metric-table.js';
import { metricIn } from '../core/packet-metric.js';
import { slowestSampler } from '../core/slowest-sampler.js';
import type { TelemetryExporter } from '../ports.js';

/** Where metrics and traces go. Either may be left out. */
export interface OpenTelemetryPorts {
  readonly meter?: Meter;
  readonly tracer?: Tracer;
}

/** What is sampled. */
export interface OpenTelemetryOptions {
  /** Share of decisions whose trace is exported, the slowest ones. Default 0.01; 1 exports all. */
  readonly slowestShare?: number;
}

const SHARE = 0.01;
const WINDOW_MAX = 1000;
const SERIES_MAX = 5000;
const BY_TYPE = 'tamiyo.gnn.feature_coverage_by_type';

/**
 * An exporter to OpenTelemetry through its API: the host registers SDK and destination. Gauges are recorded, increments added, totals added
 * as what they rose by; events count as `tamiyo.events_total`. Of the slowest decisions the trace is exported, one span for each arrow.
 */
export function createOpenTelemetryExporter(
  { meter, tracer }: OpenTelemetryPorts,
  { slowestShare = SHARE }: OpenTelemetryOptions = {},
): TelemetryExporter {
  const metrics = meter === undefined ? undefined : new MetricWriter(meter);
  const sampler = slowestSampler(Math.min(1, Math.max(0, slowestShare)), WINDOW_MAX);
  return {
    name: 'opentelemetry',
    export: (packet) => {
      metrics?.write(packet);
      const latencyMs = metricIn(packet, 'tamiyo.decision.latency_ms');
      if (tracer === undefined || latencyMs === undefined) return;
      if (slowestShare >= 1 || sampler.isSlow(latencyMs)) writeTrace(tracer, packet, latencyMs);
    },
  };
}

/** Instruments by name, made when first needed. */
class MetricWriter {
  readonly #meter: Meter;
  readonly #gauges = new Map<string, Gauge>();
  readonly #counters = new Map<string, Counter>();
  /** What a total was at last, by series: counters of OpenTelemetry take what is added. */
  readonly #totals = new Map<string, number>();

  constructor(meter: Meter) {
    this.#meter = meter;
  }

  write(packet: TelemetryPacket): void {
    for (const point of packet.metrics) this.#point(point);
    for (const { description, level } of packet.events) {
      this.#counter('tamiyo.events_total', 'count').add(1, { event: description, level });
    }
  }

  #point({ name, value, unit, attributes = {} }: MetricPoint): void {
    const known = metricKindOf(name);
    const number = finiteSignal(value);
    if (known === undefined || number === undefined) return;
    const { kind, type } = known;
    if (type !== undefined) this.#gauge(BY_TYPE, unit).record(number, { ...attributes, type });
    else if (kind === 'gauge') this.#gauge(name, unit).record(number, attributes);
    else if (kind === 'increment') this.#counter(name, unit).add(number, attributes);
    else this.#counter(name, unit).add(this.#risenBy(name, attributes, number), attributes);
  }

  #risenBy(name: string, attributes: Attributes, total: number): number {
    const key = JSON.stringify([name, attributes]);
    const before = this.#totals.get(key) ?? 0;
    if (this.#totals.size >= SERIES_MAX && !this.#totals.has(key)) return 0;
    this.#totals.set(key, total);
    // Fewer than before: the process that counts has started anew.
    return total >= before ? total - before : total;
  }

  #gauge(name: string, unit: string): Gauge {
    return kept(this.#gauges, name, () => this.#meter.createGauge(name, { unit, ...described(name) }));
  }

  #counter(name: string, unit: string): Counter {
    return kept(this.#counters, name, () => this.#meter.createCounter(name, { unit, ...described(name) }));
  }
}

function kept<T>(instruments: Map<string, T>, name: string, make: () => T): T {
  const known = instruments.get(name);
  if (known !== undefined) return known;
  const made = make();
  instruments.set(name, made);
  return made;
}

const described = (name: string): { readonly description?: string } =>
  Object.hasOwn(TAMIYO_METRICS, name) ? { description: TAMIYO_METRICS[name as TamiyoMetricName].means } : {};

function writeTrace(tracer: Tracer, packet: TelemetryPacket, latencyMs: number): void {
  const startedMs = packet.timestampMs;
  const attributes = {
    'tamiyo.packet_id': packet.packetId,
    'tamiyo.training_run_id': packet.trainingRunId ?? '',
    'tamiyo.priority': packet.priority,
    'tamiyo.summary': packet.health.summary,
  };
  const root = tracer.startSpan('tamiyo.decide', { startTime: startedMs, attributes }, ROOT_CONTEXT);
  const inside = trace.setSpan(ROOT_CONTEXT, root);
  for (const span of packet.spans) {
    const from = startedMs + span.startMs;
    const options = { startTime: from, ...(span.attributes === undefined ? {} : { attributes: span.attributes }) };
    tracer.startSpan(`tamiyo.${span.name}`, options, inside).end(from + span.durationMs);
  }
  if (packet.level === 'CRITICAL' || packet.level === 'ERROR') root.setStatus({ code: SpanStatusCode.ERROR });
  root.end(startedMs + latencyMs);
}
