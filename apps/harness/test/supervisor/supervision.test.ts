import type { TelemetryPacket } from '@esper/leyline';
import { buildFailurePacket, buildNoticePacket } from '@esper/telemetry';
import { describe, expect, it } from 'vitest';
import { ALERT_RULES, type Alert, type AlertState, foldAlerts } from '../../src/supervisor/alerts.js';
import { supervisedPriority } from '../../src/supervisor/packet-priority.js';
import { NOTHING_SEEN, observe, type SupervisedStream, type Supervision } from '../../src/supervisor/supervision.js';
import { supervisionPacket } from '../../src/supervisor/supervision-packet.js';

const timestampMs = 1_700_000_000_000;
const failure = buildFailurePacket({ reason: 'timeout_inference', timestampMs });
const quiet = buildNoticePacket({ packetId: 'quiet', timestampMs, events: [] });

const after = (
  packets: readonly (readonly [SupervisedStream, TelemetryPacket])[],
  from: Supervision = NOTHING_SEEN,
): Supervision =>
  packets.reduce(
    (state, [stream, packet], i) => observe(state, { stream, packet, sizeBytes: 100, nowMs: 1000 + i }).next,
    from,
  );

describe('how urgent a supervisor takes a packet to be', () => {
  const stated = (priority: string | undefined, level: TelemetryPacket['level']): TelemetryPacket => ({
    ...quiet,
    level,
    health: { ...quiet.health, indicators: priority === undefined ? {} : { priority } },
  });

  it('RT-16: the indicator decides; without one that can be read, the level does', () => {
    expect(supervisedPriority(stated('MESSAGE_PRIORITY_CRITICAL', 'INFO'))).toBe('CRITICAL');
    expect(supervisedPriority(stated('MESSAGE_PRIORITY_NORMAL', 'CRITICAL'))).toBe('NORMAL');
    for (const unread of [undefined, '', 'HIGH', 'MESSAGE_PRIORITY_URGENT', 'MESSAGE_PRIORITY_toString']) {
      const levels = (['INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const).map((level) =>
        supervisedPriority(stated(unread, level)),
      );
      expect(levels, unread).toEqual(['NORMAL', 'HIGH', 'HIGH', 'HIGH']);
    }
  });
});

describe('what a supervisor counts', () => {
  it('RT-14: emergencies per source, detections by level, when and why the last', () => {
    const high = { ...quiet, priority: 'HIGH', level: 'WARNING' } as const;
    const state = after([
      ['oona.emergency', { ...failure, sourceSubsystem: 'Tamiyo' }],
      ['oona.emergency', { ...high, sourceSubsystem: 'tolaria' }],
      ['oona.telemetry', quiet],
    ]);
    expect(state).toMatchObject({
      packets: { 'oona.emergency': 2, 'oona.telemetry': 1 },
      emergencies: { tamiyo: 1, tolaria: 1 },
      detections: 1,
      lastDetectionMs: 1000,
      lastReason: 'timeout_inference',
      lastLevel: 4,
    });
    const report = { supervision: state, publishFailures: 2, undecodable: 0, queueDepths: {}, nowMs: 5000 };
    const values = Object.fromEntries(supervisionPacket(report).metrics.map(({ name, value }) => [name, value]));
    expect(values).toMatchObject({
      'weatherlight.emergency.telemetry_total': 2,
      'weatherlight.emergency.tamiyo_total': 1,
      'weatherlight.emergency.tamiyo_last_ms_ago': 4000,
      'weatherlight.emergency.last_detect_ms_ago': 4000,
      'weatherlight.emergency.detections_total': 1,
      'weatherlight.emergency.last_level': 4,
      'weatherlight.telemetry.publish_failures': 2,
    });
    expect(supervisionPacket(report).events[0]?.attributes).toEqual({ reason: 'timeout_inference' });
  });

  it('D-39: a failed decision is a detection, because its packet has the level of its worst event', () => {
    expect(after([['oona.emergency', failure]]).detections).toBe(1);
    expect(after([['oona.emergency', { ...failure, level: 'INFO' }]]).detections).toBe(0);
  });

  it('RT-15: coverage and safety hints are mirrored, and stay while packets are silent about them', () => {
    const covered: TelemetryPacket = {
      ...quiet,
      metrics: [{ name: 'tamiyo.gnn.feature_coverage.node.seed', value: 0.4, unit: 'ratio' }],
      health: { ...quiet.health, indicators: { bsds_hazard: 'high', bsds_provenance: 'URABRASK' } },
    };
    const state = after([
      ['oona.telemetry', covered],
      ['oona.telemetry', quiet],
      ['oona.telemetry', { ...covered, sourceSubsystem: 'impostor', metrics: [] }],
    ]);
    expect([state.coverage, state.hazard]).toEqual([{ 'node.seed': 0.4 }, { hazard: 'HIGH', provenance: 'urabrask' }]);
    const packet = supervisionPacket({
      supervision: state,
      publishFailures: 0,
      undecodable: 0,
      queueDepths: {},
      nowMs: 1,
    });
    expect(packet.metrics).toContainEqual({
      name: 'weatherlight.tamiyo.coverage.node.seed',
      value: 0.4,
      unit: 'ratio',
    });
    expect(packet.health.indicators).toMatchObject({ bsds_hazard: 'HIGH', bsds_provenance: 'urabrask' });
  });

  it('sources are bounded', () => {
    const many = Array.from({ length: 200 }, (_, i) => ({ ...failure, sourceSubsystem: `s-${i}` }));
    const state = after(many.map((packet) => ['oona.emergency', packet] as const));
    expect(Object.keys(state.emergencies)).toHaveLength(65);
    expect(state.emergencies['other']).toBe(136);
  });
});

describe('alerts', () => {
  /** The names raised by values of one metric, one packet each. */
  const raisedBy = (metric: string, values: readonly number[]): readonly string[][] => {
    let state: AlertState = {};
    return values.map((value) => {
      const folded = foldAlerts(state, new Map([[metric, value]]));
      state = folded.state;
      return folded.raised.map(({ name }: Alert) => name);
    });
  };

  it.each(ALERT_RULES.map((rule) => [rule.name, rule] as const))(
    'RT-17: %s is raised once, at its count, and again after it was clear',
    (name, rule) => {
      const step = rule.beyond === 'above' ? 0.01 : -0.01;
      const [beyond, clear] = [rule.limit + step, rule.limit];
      const first = Array.from({ length: rule.packetsMin + 1 }, () => beyond);
      const again = Array.from({ length: rule.packetsMin }, () => beyond);
      const raised = raisedBy(rule.metric, [...first, clear, ...again]);
      const at = raised.flatMap((names, i) => (names.includes(name) ? [i] : []));
      expect(at).toEqual([rule.packetsMin - 1, first.length + again.length]);
    },
  );

  it('RT-17: what is no number is beyond every limit, and silence is no all-clear', () => {
    expect(raisedBy('tamiyo.gnn.feature_coverage', [Number.NaN, Number.NaN, Number.NaN]).at(-1)).toEqual([
      'tamiyo_coverage_low',
    ]);
    const half = foldAlerts({}, new Map([['tamiyo.gnn.feature_coverage', 0.1]])).state;
    const silent = foldAlerts(half, new Map([['tamiyo.blueprint.risk', 0.1]])).state;
    expect(silent).toEqual(half);
  });
});
