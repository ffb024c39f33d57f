import { FakeClock, FakeTimers, settle } from '@esper/testkit';
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import {
  buildDecisionPacket,
  buildFailurePacket,
  buildRejectionPacket,
  createTelemetry,
  type TelemetryExporter,
} from '../../src/index.js';
import { createOpenTelemetryExporter } from '../../src/opentelemetry.js';
import { createPinoExporter } from '../../src/pino.js';
import { createPrometheusExporter } from '../../src/prometheus.js';
import { MemoryBus, MemoryTelemetryJournal } from '../../src/testing.js';
import { buildFacts } from '../core/facts.js';
import { packetOf } from './set-up.js';

const timestampMs = 1_700_000_000_000;

describe('OpenTelemetry metrics', () => {
  async function measured(packets: readonly Parameters<TelemetryExporter['export']>[0][]) {
    const memory = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter: memory, exportIntervalMillis: 1_000_000 });
    const provider = new MeterProvider({ readers: [reader] });
    const exporter = createOpenTelemetryExporter({ meter: provider.getMeter('tamiyo') });
    for (const packet of packets) void exporter.export(packet);
    await provider.forceFlush();
    const all = memory.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
    await provider.shutdown();
    return (name: string) => {
      const found = all.find(({ descriptor }) => descriptor.name === name);
      const points = found?.dataPoints.map(({ value, attributes }) => [value, attributes]);
      return { unit: found?.descriptor.unit, type: found?.dataPointType, points };
    };
  }

  it('gauges are the newest, increments add up, totals are what they are, coverage has its type', async () => {
    const totals = (inference: number) => ({ timeouts: { inference, metadata: 0, decision: 0 }, verifierFailures: 0 });
    const of = await measured([
      buildDecisionPacket(buildFacts({ validationLoss: 0.5, totals: totals(3) })),
      buildDecisionPacket(buildFacts({ validationLoss: 0.25, totals: totals(5) })),
    ]);
    expect(of('tamiyo.validation_loss')).toEqual({ unit: 'loss', type: DataPointType.GAUGE, points: [[0.25, {}]] });
    expect(of('tamiyo.decisions_total').points).toEqual([[2, { command: 'SEED', changed: 'false' }]]);
    expect(of('tamiyo.timeouts_total').points).toContainEqual([5, { kind: 'inference' }]);
    expect(of('tamiyo.gnn.feature_coverage_by_type').points).toContainEqual([1, { type: 'node.seed' }]);
  });

  it('a total that falls belongs to a process that has started anew', async () => {
    const totals = (inference: number) => ({ timeouts: { inference, metadata: 0, decision: 0 }, verifierFailures: 0 });
    const of = await measured([7, 2].map((count) => buildDecisionPacket(buildFacts({ totals: totals(count) }))));
    expect(of('tamiyo.timeouts_total').points).toContainEqual([9, { kind: 'inference' }]);
  });

  it('what is no finite number is left out, events are counted', async () => {
    const of = await measured([
      buildDecisionPacket(buildFacts({ lossDelta: Number.NaN })),
      buildFailurePacket({ reason: 'timeout_inference', timestampMs }),
    ]);
    expect(of('tamiyo.loss_delta').points).toBeUndefined();
    expect(of('tamiyo.events_total').points).toEqual([[1, { event: 'timeout_inference', level: 'CRITICAL' }]]);
  });
});

describe('OpenTelemetry traces', () => {
  function traced(share?: number) {
    const memory = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(memory)] });
    const options = share === undefined ? {} : { slowestShare: share };
    const exporter = createOpenTelemetryExporter({ tracer: provider.getTracer('tamiyo') }, options);
    return { memory, exporter };
  }
  const arrows = ['validate', 'resolve', 'observe', 'infer', 'decode', 'guard', 'assess', 'seal', 'record'];
  const spans = arrows.map((name, i) => ({ name, startMs: i, durationMs: 0.5 }));

  it('a decision is one trace: a root, and one span for each arrow inside it', () => {
    const { memory, exporter } = traced(1);
    void exporter.export(buildDecisionPacket(buildFacts({ spans, decisionMs: 9.5, timestampMs })));
    const finished = memory.getFinishedSpans();
    const root = finished.find(({ name }) => name === 'tamiyo.decide');
    expect(finished.map(({ name }) => name)).toEqual([...arrows.map((name) => `tamiyo.${name}`), 'tamiyo.decide']);
    expect(new Set(finished.map((span) => span.spanContext().traceId)).size).toBe(1);
    expect(finished.slice(0, -1).every((span) => span.parentSpanContext?.spanId === root?.spanContext().spanId)).toBe(
      true,
    );
    expect(root?.duration).toEqual([0, 9_500_000]);
    expect(root?.attributes['tamiyo.packet_id']).toBe('run-1-step-42');
  });

  it('G-21: of a thousand decisions the slowest in a hundred are traced, and packets that are no decision never are', () => {
    const { memory, exporter } = traced();
    for (let i = 0; i < 1000; i += 1) {
      const decisionMs = i % 100 === 50 ? 100 + i : 5 + (i % 7) / 10;
      void exporter.export(buildDecisionPacket(buildFacts({ spans, decisionMs, packetId: `p-${i}` })));
      void exporter.export(buildFailurePacket({ reason: 'timeout_inference', timestampMs }));
    }
    const roots = memory.getFinishedSpans().filter(({ name }) => name === 'tamiyo.decide');
    const slow = roots.filter(({ duration }) => duration[1] >= 100_000_000 || duration[0] > 0);
    expect(slow).toHaveLength(10);
    expect(roots.length).toBeLessThan(20);
  });
});

describe('pino', () => {
  function logged() {
    const lines: Record<string, unknown>[] = [];
    const logger = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) });
    return { lines, exporter: createPinoExporter(logger) };
  }

  it('TM-17: a timeout is a fatal line named tamiyo.timeout_inference, a refused command one named tamiyo.command_rejected', () => {
    const { lines, exporter } = logged();
    void exporter.export(
      buildFailurePacket({
        reason: 'timeout_inference',
        timestampMs,
        packetId: 'p-1',
        trainingRunId: 'run-1',
        budgetMs: 5,
      }),
    );
    void exporter.export(buildRejectionPacket({ reason: 'invalid_signature', timestampMs }));
    expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
      [60, 'tamiyo.timeout_inference'],
      [60, 'tamiyo.command_rejected'],
    ]);
    expect(lines[0]).toMatchObject({
      packet_id: 'p-1',
      training_run_id: 'run-1',
      priority: 'CRITICAL',
      attributes: { budget_ms: '5.0' },
    });
  });

  it('a decision is one line with its metrics, its coverage map and how it was routed, then its events', () => {
    const { lines, exporter } = logged();
    const events = [{ description: 'loss_spike', level: 'WARNING' as const, attributes: { priority: 'LOW' } }];
    void exporter.export(buildDecisionPacket(buildFacts({ events })));
    expect(lines.map(({ msg }) => msg)).toEqual(['tamiyo.decision', 'tamiyo.loss_spike']);
    expect(lines[0]).toMatchObject({
      priority: 'HIGH',
      coverage_map: { 'node.seed': 1, 'edges.layer_connects': 0.8 },
      metrics: {
        'tamiyo.validation_loss': 0.75,
        'tamiyo.blending.mode{mode=CONFIDENCE,source=policy}': 1,
        'tamiyo.blending.method_index{method=cosine}': 1,
      },
      spans: ['infer=1.250'],
    });
    // What an event says does not pass for what the line is.
    expect(lines[1]?.['priority']).toBe('HIGH');
  });
});

describe('an exporter that fails', () => {
  /** The same day with and without bad exporters: what the bus gets and what the ledger says. */
  async function day(exporters: readonly TelemetryExporter[]) {
    const clock = new FakeClock();
    const timers = new FakeTimers(clock);
    const bus = new MemoryBus();
    let count = 0;
    const ids = { messageId: () => `m-${count++}` };
    const journal = new MemoryTelemetryJournal();
    const telemetry = await createTelemetry({ clock, timers, bus, ids, journal, exporters }, { exporterQueueMax: 5 });
    for (let i = 0; i < 30; i += 1) {
      telemetry.emit(packetOf(`p-${i}`, (['LOW', 'NORMAL', 'HIGH', 'CRITICAL'] as const)[i % 4]));
      await settle();
    }
    const drained = telemetry.drain(100);
    await timers.advance(200);
    const taken = bus.taken.map(({ stream, envelope }) => `${stream} ${envelope.messageId}`);
    return { taken, ledger: telemetry.ledger(), drained: await drained, metrics: telemetry.metrics() };
  }

  it('throwing, rejecting or hanging ones change nothing: same messages, same ledger; only their failures are counted', async () => {
    const calm = await day([]);
    const bad: TelemetryExporter[] = [
      {
        name: 'throws',
        export: () => {
          throw new Error('no');
        },
      },
      { name: 'rejects', export: async () => Promise.reject(new Error('no')) },
      { name: 'hangs', export: () => new Promise(() => undefined) },
      createOpenTelemetryExporter({
        tracer: {
          startSpan: () => {
            throw new Error('no exporter');
          },
        } as never,
      }),
      createPinoExporter({ info: thrown, warn: thrown, error: thrown, fatal: thrown }),
      createPrometheusExporter(1),
    ];
    const rough = await day(bad);
    expect(rough.taken).toEqual(calm.taken);
    expect(rough.ledger).toEqual(calm.ledger);
    expect(rough.drained).toEqual(calm.drained);
    const failures = (metrics: typeof calm.metrics) =>
      metrics.find(({ name }) => name === 'tamiyo.telemetry.exporter_failures_total')?.value;
    expect([failures(calm.metrics), Number(failures(rough.metrics)) >= 3 * 24]).toEqual([0, true]);
  });
});

function thrown(): never {
  throw new Error('the disk of the log is full');
}
