import type { TelemetryPacket } from '@esper/leyline';
import { settle } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { MemoryExporter } from '../../src/testing.js';
import { packetOf, setUp } from './set-up.js';

const ids = (packets: readonly TelemetryPacket[]): string[] => packets.map(({ packetId }) => packetId);

describe('lanes', () => {
  it('RT-05: HIGH and CRITICAL go to the emergency stream, everything else to telemetry', async () => {
    const { telemetry, bus } = await setUp();
    for (const priority of ['UNSPECIFIED', 'LOW', 'NORMAL', 'HIGH', 'CRITICAL'] as const) {
      telemetry.emit(packetOf(priority, priority));
    }
    await settle();
    expect(ids(bus.packets('oona.emergency')).sort()).toEqual(['CRITICAL', 'HIGH']);
    expect(ids(bus.packets('oona.telemetry')).sort()).toEqual(['LOW', 'NORMAL', 'UNSPECIFIED']);
    expect(telemetry.ledger().exact).toBe(true);
  });

  it('RT-04: the priority that was stamped is carried, whatever the events say', async () => {
    const { telemetry, bus } = await setUp();
    telemetry.emit({ ...packetOf('quiet', 'CRITICAL'), priority: 'LOW' });
    telemetry.emit({ ...packetOf('loud', 'LOW'), priority: 'HIGH' });
    await settle();
    expect(ids(bus.packets('oona.telemetry'))).toEqual(['quiet']);
    expect(ids(bus.packets('oona.emergency'))).toEqual(['loud']);
    expect(bus.taken.map(({ envelope }) => envelope.priority).sort()).toEqual(['HIGH', 'LOW']);
  });

  it('RT-11: one emergency leaves everything after it on its own stream', async () => {
    const { telemetry, bus } = await setUp();
    telemetry.emit(packetOf('alarm', 'CRITICAL'));
    for (const id of ['1', '2', '3']) telemetry.emit(packetOf(id));
    await settle();
    expect(ids(bus.packets('oona.emergency'))).toEqual(['alarm']);
    expect(ids(bus.packets('oona.telemetry'))).toEqual(['1', '2', '3']);
  });

  it('a lane that hangs does not hold up the other', async () => {
    const { telemetry, bus } = await setUp({ inFlightMax: 1 });
    bus.mood = 'hangs';
    telemetry.emit(packetOf('stuck', 'HIGH'));
    await settle();
    bus.mood = 'takes';
    telemetry.emit(packetOf('behind', 'HIGH'));
    telemetry.emit(packetOf('free'));
    await settle();
    expect(ids(bus.packets('oona.telemetry'))).toEqual(['free']);
    expect(bus.packets('oona.emergency')).toEqual([]);
    bus.release();
    await settle();
    expect(ids(bus.packets('oona.emergency'))).toEqual(['stuck', 'behind']);
  });

  it('emit returns before the bus is called', async () => {
    const { telemetry, bus } = await setUp();
    expect(telemetry.emit(packetOf('1')).accepted).toBe(true);
    expect(bus.attempts).toBe(0);
    await settle();
    expect(bus.attempts).toBe(1);
  });
});

describe('lingering', () => {
  it('packets that come one by one go out together; a full round and an emergency do not wait', async () => {
    const { telemetry, timers, bus } = await setUp({ lingerMs: 25, inFlightMax: 3 });
    telemetry.emit(packetOf('one'));
    telemetry.emit(packetOf('urgent', 'HIGH'));
    await timers.advance(24);
    telemetry.emit(packetOf('two'));
    await settle();
    expect(bus.taken.map(({ packet }) => packet.packetId)).toEqual(['urgent']);
    await timers.advance(1);
    expect(bus.taken.map(({ packet }) => packet.packetId)).toEqual(['urgent', 'one', 'two']);
    for (const id of ['three', 'four', 'five']) telemetry.emit(packetOf(id));
    await settle();
    expect(bus.taken.length).toBe(6);
  });

  it('draining does not wait', async () => {
    const { telemetry, timers, bus } = await setUp({ lingerMs: 60_000 });
    telemetry.emit(packetOf('one'));
    const drained = telemetry.drain(1000);
    await timers.advance(100);
    expect(await drained).toMatchObject({ delivered: 1, kept: 0, lost: 0 });
    expect(bus.taken.length).toBe(1);
  });
});

describe('outages', () => {
  it('RT-19: what could not be published is kept and sent when the bus is back', async () => {
    const { telemetry, bus, timers } = await setUp({ retryDelayMs: 100 });
    for (const mood of ['refuses', 'rejects'] as const) {
      bus.mood = mood;
      telemetry.emit(packetOf(mood));
      telemetry.emit(packetOf(`${mood} alarm`, 'CRITICAL'));
      await timers.advance(1000);
      expect(bus.taken).toEqual([]);
      expect(telemetry.ledger()).toMatchObject({
        exact: true,
        lanes: { telemetry: { queued: { memory: expect.any(Number) } } },
      });
    }
    bus.mood = 'takes';
    await timers.advance(60_000);
    expect(ids(bus.packets('oona.telemetry'))).toEqual(['refuses', 'rejects']);
    expect(ids(bus.packets('oona.emergency'))).toEqual(['refuses alarm', 'rejects alarm']);
    expect(telemetry.ledger().lanes.telemetry).toMatchObject({ deliveredAlone: 2, queued: { memory: 0, inFlight: 0 } });
  });

  it('waits longer after each failure, and not at all after a success', async () => {
    const { telemetry, bus, timers } = await setUp({ retryDelayMs: 100 });
    bus.mood = 'refuses';
    telemetry.emit(packetOf('1'));
    const attempts: number[] = [];
    for (const ms of [0, 100, 200, 400]) {
      await timers.advance(ms);
      attempts.push(bus.attempts);
    }
    expect(attempts).toEqual([1, 2, 3, 4]);
    bus.mood = 'takes';
    await timers.advance(800);
    telemetry.emit(packetOf('2'));
    await settle();
    expect(bus.taken).toHaveLength(2);
  });

  it('RT-10: a bus that fails is left alone for a while, then one message probes it before the rest follows', async () => {
    const { telemetry, bus, timers } = await setUp({ retryDelayMs: 100, inFlightMax: 8 });
    bus.mood = 'refuses';
    for (const id of ['1', '2', '3', '4']) telemetry.emit(packetOf(id));
    await settle();
    expect(bus.attempts).toBe(4);
    await timers.advance(99);
    expect(bus.attempts).toBe(4);
    await timers.advance(1);
    expect(bus.attempts).toBe(5);
    bus.mood = 'takes';
    await timers.advance(200);
    expect(bus.packets('oona.telemetry').map(({ packetId }) => packetId)).toEqual(['1', '2', '3', '4']);
    expect(bus.attempts).toBe(9);
  });

  it('counts how long it was blind', async () => {
    const { telemetry, bus, timers } = await setUp({ retryDelayMs: 100 });
    bus.mood = 'refuses';
    telemetry.emit(packetOf('1'));
    await settle();
    await timers.advance(250);
    expect(telemetry.ledger().lanes.telemetry.blindMs).toBe(250);
    bus.mood = 'takes';
    await timers.advance(1000);
    expect(telemetry.ledger().lanes.telemetry.blindMs).toBe(300);
    await timers.advance(1000);
    expect(telemetry.ledger().lanes.telemetry.blindMs).toBe(300);
  });

  it('what the bus refuses for good is a dead letter: dropped with its reason, and sent again on request', async () => {
    const { telemetry, bus } = await setUp({ deadLettersMax: 2 });
    bus.mood = 'refuses for good';
    for (const id of ['1', '2', '3']) telemetry.emit(packetOf(id));
    await settle();
    expect(telemetry.ledger().lanes.telemetry.dropped).toMatchObject({ refused: 3 });
    bus.mood = 'takes';
    expect(telemetry.requeue(10)).toBe(2);
    await settle();
    expect(ids(bus.packets('oona.telemetry'))).toEqual(['2', '3']);
    expect(telemetry.ledger()).toMatchObject({ exact: true, lanes: { telemetry: { emitted: 5, deliveredAlone: 2 } } });
  });
});

it('a dead letter that is on disk is sent again from there, written once and forgotten when it has arrived', async () => {
  const { telemetry, bus, journal, timers } = await setUp();
  bus.mood = 'refuses for good';
  await telemetry.emit(packetOf('1', 'CRITICAL')).durable;
  await settle();
  await timers.advance(5000);
  expect(telemetry.ledger().lanes.emergency).toMatchObject({ dropped: { refused: 1 }, blindMs: 0 });
  expect(journal.records).toHaveLength(1);
  bus.mood = 'takes';
  expect(telemetry.requeue(1)).toBe(1);
  await settle();
  await timers.advance(1000);
  expect(ids(bus.packets('oona.emergency'))).toEqual(['1']);
  const next = await setUp({}, { journal: journal.crash() });
  expect(next.telemetry.ledger().lanes.emergency.recovered).toBe(0);
});

describe('bounds', () => {
  it('RT-20, RT-09: the lane is bounded by bytes, LOW is shed first, the oldest of them first', async () => {
    const { telemetry, bus } = await setUp({ telemetryBytesMax: 4000 });
    bus.mood = 'hangs';
    const text = 'x'.repeat(700);
    telemetry.emit(packetOf('in flight', 'NORMAL', text));
    await settle();
    for (const id of ['low-1', 'low-2']) telemetry.emit(packetOf(id, 'LOW', text));
    for (const id of ['n-1', 'n-2', 'n-3', 'n-4', 'n-5', 'n-6', 'n-7']) telemetry.emit(packetOf(id, 'NORMAL', text));
    const { telemetry: lane } = telemetry.ledger().lanes;
    expect(lane.queuedBytes).toBeLessThanOrEqual(4000);
    expect(lane.dropped.shed).toBe(2);
    expect(lane.dropped.lane_full).toBeGreaterThan(0);
    expect(telemetry.ledger().exact).toBe(true);
    expect(telemetry.emit(packetOf('low-3', 'LOW', text)).accepted).toBe(false);
    bus.release();
    await settle();
    expect(ids(bus.packets('oona.telemetry'))).toContain('in flight');
    expect(ids(bus.packets('oona.telemetry')).some((id) => id.startsWith('low'))).toBe(false);
  });

  it('emit is true when others were shed to make room', async () => {
    const { telemetry, bus } = await setUp({ telemetryBytesMax: 1024, inFlightMax: 1 });
    bus.mood = 'hangs';
    telemetry.emit(packetOf('in flight'));
    await settle();
    telemetry.emit(packetOf('low', 'LOW', 'x'.repeat(500)));
    expect(telemetry.emit(packetOf('normal', 'NORMAL', 'x'.repeat(500))).accepted).toBe(true);
    expect(telemetry.ledger().lanes.telemetry.dropped).toMatchObject({ shed: 1, lane_full: 0 });
  });

  it('drops are told in one event per interval, and lost CRITICAL ones at once outside', async () => {
    const lost: string[] = [];
    const losses = { criticalLost: (reason: string, total: number) => void lost.push(`${reason} ${total}`) };
    const { telemetry, timers, bus, journal } = await setUp({ reserveMax: 0, dropReportMs: 10_000 }, { losses });
    journal.failWith(new Error('disk'));
    telemetry.emit(packetOf('1', 'CRITICAL'));
    telemetry.emit({ ...packetOf('bad'), packetId: '' });
    await timers.advance(5000);
    expect(lost).toEqual(['journal_failed 1']);
    expect(bus.taken).toEqual([]);
    journal.failWith(undefined);
    await timers.advance(6000);
    const [told] = bus.packets('oona.emergency');
    expect(told?.events).toEqual([
      {
        description: 'telemetry_critical_lost',
        level: 'CRITICAL',
        attributes: { 'critical.journal_failed': '1', 'normal.invalid': '1' },
      },
    ]);
    telemetry.emit({ ...packetOf('bad'), packetId: '' });
    await timers.advance(20_000);
    expect(bus.packets('oona.telemetry').flatMap(({ events }) => events.map(({ description }) => description))).toEqual(
      ['telemetry_dropped'],
    );
  });

  it('nothing a caller hands over makes it throw', async () => {
    const { telemetry } = await setUp();
    const odd = [
      undefined,
      null,
      7,
      {},
      { priority: 3 },
      { ...packetOf('x'), metrics: 'no' },
      { ...packetOf('x'), level: 'LOUD' },
    ];
    for (const packet of odd) expect(telemetry.emit(packet as never).accepted).toBe(false);
    expect(telemetry.ledger()).toMatchObject({ exact: true });
  });
});

describe('exporters', () => {
  it('one that throws, rejects or hangs changes nothing for the others, the lanes or the caller', async () => {
    const good = new MemoryExporter();
    const exporters = [
      {
        name: 'throws',
        export: () => {
          throw new Error('x');
        },
      },
      { name: 'rejects', export: () => Promise.reject(new Error('x')) },
      { name: 'hangs', export: () => new Promise<void>(() => undefined) },
      good,
    ];
    const { telemetry, bus } = await setUp({ exporterQueueMax: 2 }, { exporters });
    for (const id of ['1', '2', '3', '4', '5']) {
      expect(telemetry.emit(packetOf(id)).accepted).toBe(true);
      await settle();
    }
    expect(ids(good.packets)).toEqual(['1', '2', '3', '4', '5']);
    expect(bus.taken).toHaveLength(5);
    // Five thrown, five rejected; of the hanging one's five, one is in hand and two wait.
    expect(telemetry.metrics().at(-1)).toMatchObject({ name: 'tamiyo.telemetry.exporter_failures_total', value: 12 });
  });
});
