import { settle } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import {
  buildDecisionPacket,
  buildFieldReportFatePacket,
  buildFieldReportSummaryPacket,
  buildNoticePacket,
  guardViolationEvent,
  priorityOf,
} from '../../src/index.js';
import { buildFacts } from '../core/facts.js';
import { packetOf, setUp } from '../shell/set-up.js';

const timestampMs = 1_700_000_000_000;

describe('what the prototype got wrong', () => {
  it('D-03: a bus that answers no has not taken the packet, and it is not counted as delivered', async () => {
    const { telemetry, bus, timers } = await setUp();
    bus.mood = 'refuses';
    telemetry.emit(packetOf('1'));
    await timers.advance(10);
    expect(telemetry.ledger().lanes.telemetry).toMatchObject({ deliveredAlone: 0, queued: { memory: 1 } });
  });

  it('D-04: after one emergency, normal packets still go to the telemetry stream and cost no emergency token', async () => {
    const { telemetry, bus } = await setUp({ emergencyPerMinuteMax: 2 });
    telemetry.emit(packetOf('alarm', 'CRITICAL'));
    await settle();
    for (const id of ['1', '2', '3']) telemetry.emit(packetOf(id));
    telemetry.emit(packetOf('second alarm', 'CRITICAL'));
    await settle();
    expect(bus.packets('oona.telemetry')).toHaveLength(3);
    expect(bus.packets('oona.emergency')).toHaveLength(2);
  });

  it('D-05: a flush in which every publish failed clears nothing', async () => {
    const { telemetry, bus, timers } = await setUp();
    bus.mood = 'rejects';
    for (const id of ['1', '2', '3']) telemetry.emit(packetOf(id));
    await timers.advance(60_000);
    bus.mood = 'takes';
    await timers.advance(60_000);
    expect(bus.packets('oona.telemetry').map(({ packetId }) => packetId)).toEqual(['1', '2', '3']);
  });

  it('D-05b: a decision taken while a publish is under way loses nothing', async () => {
    const { telemetry, bus } = await setUp({ inFlightMax: 1 });
    bus.mood = 'hangs';
    telemetry.emit(packetOf('first'));
    await settle();
    telemetry.emit(packetOf('meanwhile'));
    bus.release();
    await settle();
    expect(bus.packets('oona.telemetry').map(({ packetId }) => packetId)).toEqual(['first', 'meanwhile']);
  });

  it('D-06, RT-07: retry, drop and summary packets have a priority of their own, and a stamped one is not derived again', async () => {
    const drop = buildFieldReportFatePacket({
      fate: 'field_report_drop',
      reportId: 'fr-1',
      retryCount: 5,
      timestampMs,
    });
    const stamped = buildNoticePacket({ packetId: 'stamped', timestampMs, events: [], priority: 'HIGH' });
    const { telemetry, bus } = await setUp();
    telemetry.emit(drop);
    telemetry.emit(stamped);
    await settle();
    expect(bus.packets('oona.emergency').map(({ packetId }) => packetId)).toEqual([drop.packetId, 'stamped']);
    expect(priorityOf(stamped.events)).toBe('NORMAL');
  });

  it('D-12d: damaged side-cars are announced once, and totals are totals', () => {
    const first = {
      ...(buildFacts().fieldReports as NonNullable<ReturnType<typeof buildFacts>['fieldReports']>),
      retryIndexLoadErrors: 2,
    };
    const second = { ...first, published: first.published + 3 };
    expect(buildFieldReportSummaryPacket({ now: first, timestampMs })?.events).toHaveLength(1);
    const later = buildFieldReportSummaryPacket({ now: second, before: first, timestampMs });
    expect(later?.events).toEqual([]);
    expect(later?.metrics[0]).toMatchObject({ name: 'tamiyo.field_reports.published_total', value: 10 });
  });

  it('D-36, TL-54: a guard violation is CRITICAL in fact, with every attribute promised for it', () => {
    const event = guardViolationEvent({
      subsystem: 'tamiyo',
      dependencyType: 'blueprint',
      identifier: 'BP9',
      reason: 'unknown',
      details: { step: '4' },
    });
    expect(event).toEqual({
      description: 'dependency_guard.violation',
      level: 'CRITICAL',
      attributes: {
        subsystem: 'tamiyo',
        dependency_type: 'blueprint',
        identifier: 'BP9',
        artifact_type: 'blueprint',
        artifact_id: 'BP9',
        reason: 'unknown',
        step: '4',
      },
    });
    expect(priorityOf([event])).toBe('CRITICAL');
  });

  it('D-39: a decision with a CRITICAL event is a packet of level CRITICAL, so that supervisors keyed on level see it', () => {
    const events = [
      { description: 'bp_quarantine', level: 'CRITICAL' as const, attributes: {} },
      { description: 'bsds_present', level: 'INFO' as const, attributes: {} },
    ];
    expect(buildDecisionPacket(buildFacts({ events })).level).toBe('CRITICAL');
  });

  it('D-40: the summary names the worst event and not the last, and quiet decisions are stable', () => {
    const events = [
      { description: 'bp_quarantine', level: 'CRITICAL' as const, attributes: {} },
      { description: 'policy_risk_signal', level: 'INFO' as const, attributes: {} },
    ];
    expect(buildDecisionPacket(buildFacts({ events })).health.summary).toBe('bp_quarantine');
    expect(buildDecisionPacket(buildFacts({ events: events.slice(1) })).health.summary).toBe('stable');
  });

  it('D-40, TL-48: a fallback is CRITICAL, and knows its command', () => {
    const command = { ...buildFacts().command, annotations: { tamiyo_runtime_fallback: 'true' } };
    expect(buildDecisionPacket(buildFacts({ command })).events).toEqual([
      {
        description: 'tamiyo_runtime_fallback',
        level: 'CRITICAL',
        attributes: { command_id: '00000000-0000-4000-8000-000000000001' },
      },
    ]);
  });
});
