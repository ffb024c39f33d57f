import { describe, expect, it } from 'vitest';
import { buildDecisionPacket } from '../../src/index.js';
import { createPrometheusExporter, TAMIYO_HISTOGRAM_METRICS } from '../../src/prometheus.js';
import { buildFacts } from '../core/facts.js';
import { packetOf, setUp } from './set-up.js';

describe('Prometheus text', () => {
  it('gauges are the newest, increments add up, totals are as stated, coverage has its type as a label', () => {
    const exporter = createPrometheusExporter();
    for (const validationLoss of [0.5, 0.25]) void exporter.export(buildDecisionPacket(buildFacts({ validationLoss })));
    const text = exporter.render();
    const lines = text.split('\n');
    expect(lines).toContain('# HELP tamiyo_validation_loss Validation loss in the packet.');
    expect(lines).toContain('# TYPE tamiyo_validation_loss gauge');
    expect(lines).toContain('tamiyo_validation_loss 0.25');
    expect(lines).toContain('# TYPE tamiyo_decisions_total counter');
    expect(lines).toContain('tamiyo_decisions_total{changed="false",command="SEED"} 2');
    expect(lines).toContain('tamiyo_timeouts_total{kind="inference"} 3');
    expect(lines).toContain('tamiyo_gnn_feature_coverage_by_type{type="node.seed"} 1');
    expect(text.endsWith('\n')).toBe(true);
  });

  it('each family has one head, names and labels are legal whatever they hold', () => {
    const exporter = createPrometheusExporter();
    const events = [{ description: 'odd "name"\\\n', level: 'WARNING' as const, attributes: {} }];
    void exporter.export({ ...buildDecisionPacket(buildFacts()), events });
    const text = exporter.render();
    expect(text.match(/^# TYPE tamiyo_timeouts_total /gm)).toHaveLength(1);
    expect(text).toContain('tamiyo_events_total{event="odd \\"name\\"\\\\\\n",level="WARNING"} 1');
    for (const line of text.trimEnd().split('\n')) {
      expect(line).toMatch(
        /^(?:# (?:HELP|TYPE) [a-zA-Z_:][\w:]* .+|[a-zA-Z_:][\w:]*(?:\{[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*"(?:,[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*")*\})? \S+)$/,
      );
    }
  });

  it('values that are no finite number are written as Prometheus writes them', () => {
    const exporter = createPrometheusExporter();
    for (const [lossDelta, text] of [
      [Number.NaN, 'NaN'],
      [Number.POSITIVE_INFINITY, '+Inf'],
      [Number.NEGATIVE_INFINITY, '-Inf'],
    ] as const) {
      void exporter.export(buildDecisionPacket(buildFacts({ lossDelta })));
      expect(exporter.render()).toContain(`tamiyo_loss_delta ${text}\n`);
    }
  });

  it('series are bounded, and what is left out is counted', () => {
    const exporter = createPrometheusExporter(3);
    void exporter.export(buildDecisionPacket(buildFacts()));
    const lines = exporter.render().split('\n');
    const own = /^(?:#|$|tamiyo_(?:decision|inference)_duration_seconds_|tamiyo_metrics_series_left_out_total )/;
    expect(lines.filter((line) => !own.test(line))).toHaveLength(3);
    expect(exporter.leftOutCount()).toBeGreaterThan(10);
    expect(lines).toContain(`tamiyo_metrics_series_left_out_total ${exporter.leftOutCount()}`);
  });

  it('latencies become distributions whose buckets hold everything up to their bound', () => {
    const exporter = createPrometheusExporter();
    const latencies = [0.4, 45, 45.1, 99_999, Number.NaN];
    for (const decisionMs of latencies) void exporter.export(buildDecisionPacket(buildFacts({ decisionMs })));
    const lines = exporter.render().split('\n');
    expect(lines).toContain('# TYPE tamiyo_decision_duration_seconds histogram');
    expect(lines).toContain('tamiyo_decision_duration_seconds_bucket{le="0.001"} 1');
    expect(lines).toContain('tamiyo_decision_duration_seconds_bucket{le="0.045"} 2');
    expect(lines).toContain('tamiyo_decision_duration_seconds_bucket{le="0.1"} 3');
    expect(lines).toContain('tamiyo_decision_duration_seconds_bucket{le="2.5"} 3');
    expect(lines).toContain('tamiyo_decision_duration_seconds_bucket{le="+Inf"} 4');
    expect(lines).toContain('tamiyo_decision_duration_seconds_count 4');
    const sum = Number(lines.find((line) => line.startsWith('tamiyo_decision_duration_seconds_sum '))?.split(' ')[1]);
    expect(sum).toBeCloseTo(100.0895, 9);
    for (const { bounds } of Object.values(TAMIYO_HISTOGRAM_METRICS))
      expect([...bounds].sort((a, b) => a - b)).toEqual(bounds);
  });

  it('an event that is expected is shown as not having happened, and then counted', () => {
    const exporter = createPrometheusExporter(100, [{ event: 'wal_full', level: 'CRITICAL' }]);
    expect(exporter.render()).toContain('tamiyo_events_total{event="wal_full",level="CRITICAL"} 0\n');
    const event = { description: 'wal_full', level: 'CRITICAL' as const, attributes: {} };
    void exporter.export({ ...packetOf('1', 'CRITICAL'), events: [event] });
    expect(exporter.render()).toContain('tamiyo_events_total{event="wal_full",level="CRITICAL"} 1\n');
  });

  it('what rules in shadow find is counted by its reason, from 0 where that is expected', () => {
    const expected = { event: 'shadow_finding', level: 'INFO', shadowReason: 'pause_quota_exhausted' };
    const exporter = createPrometheusExporter(100, [expected]);
    expect(exporter.render()).toContain('tamiyo_risk_shadow_reasons_total{reason="pause_quota_exhausted"} 0\n');
    const event = {
      description: 'shadow_finding',
      level: 'INFO' as const,
      attributes: { reason: 'pause_quota_exhausted' },
    };
    void exporter.export({ ...packetOf('1', 'NORMAL'), events: [event, { ...event, attributes: {} }] });
    expect(exporter.render()).toContain('tamiyo_risk_shadow_reasons_total{reason="pause_quota_exhausted"} 1\n');
    expect(exporter.render()).toContain('tamiyo_events_total{event="shadow_finding",level="INFO"} 2\n');
  });

  it('what somebody else knows now stands for what packets have said, and no family comes twice', () => {
    const exporter = createPrometheusExporter();
    void exporter.export(buildDecisionPacket(buildFacts({ validationLoss: 0.5 })));
    const now = {
      name: 'tamiyo.validation_loss',
      type: 'gauge',
      help: '',
      samples: [{ labels: {}, value: 9 }],
    } as const;
    const text = exporter.render([], [now]);
    expect(text).toContain('tamiyo_validation_loss 9\n');
    expect(text).not.toContain('tamiyo_validation_loss 0.5');
    expect(text.match(/^# TYPE tamiyo_validation_loss /gm)).toHaveLength(1);
    expect(exporter.render()).toContain('tamiyo_validation_loss 0.5\n');
  });

  it('the ledger is scraped with it', async () => {
    const { telemetry } = await setUp();
    telemetry.emit(packetOf('1', 'HIGH'));
    const text = createPrometheusExporter().render(telemetry.metrics());
    expect(text).toContain('tamiyo_telemetry_emitted_total{lane="emergency"} 1');
    expect(text).toContain('tamiyo_telemetry_dropped_total{lane="telemetry",reason="shed"} 0');
  });

  it('without anything it is empty', () => {
    expect(createPrometheusExporter().render()).toBe('');
  });
});
