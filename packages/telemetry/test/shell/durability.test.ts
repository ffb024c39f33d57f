import type { TelemetryPacket } from '@esper/leyline';
import { SeededRandom, settle } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { packetOf, setUp } from './set-up.js';

const ids = (packets: readonly TelemetryPacket[]): string[] => packets.map(({ packetId }) => packetId);

describe('CRITICAL packets', () => {
  it('are on disk before they are sent', async () => {
    const { telemetry, bus, journal } = await setUp();
    journal.hold();
    const { accepted, durable } = telemetry.emit(packetOf('1', 'CRITICAL'));
    telemetry.emit(packetOf('high', 'HIGH'));
    await settle();
    expect(accepted).toBe(true);
    expect(ids(bus.packets('oona.emergency'))).toEqual(['high']);
    expect(telemetry.ledger()).toMatchObject({ exact: true, lanes: { emergency: { queued: { writing: 1 } } } });
    journal.release();
    expect(await durable).toBe(true);
    await settle();
    expect(ids(bus.packets('oona.emergency'))).toEqual(['high', '1']);
  });

  it('survive a crash, keep their message id, and are forgotten once they have arrived', async () => {
    const first = await setUp();
    first.bus.mood = 'hangs';
    await first.telemetry.emit(packetOf('1', 'CRITICAL')).durable;
    await first.telemetry.emit(packetOf('2', 'CRITICAL')).durable;
    await settle();
    const second = await setUp({}, { journal: first.journal.crash() });
    await settle();
    await second.timers.advance(1000);
    expect(ids(second.bus.packets('oona.emergency'))).toEqual(['1', '2']);
    expect(second.telemetry.ledger()).toMatchObject({
      exact: true,
      lanes: { emergency: { emitted: 0, recovered: 2, deliveredAlone: 2 } },
    });
    const third = await setUp({}, { journal: second.journal.crash() });
    await third.timers.advance(1000);
    expect(third.bus.taken).toEqual([]);
    expect(third.telemetry.ledger().lanes.emergency.recovered).toBe(0);
  });

  it('go on without the journal, up to the reserve; beyond it they are lost, counted and reported', async () => {
    const lost: number[] = [];
    const losses = { criticalLost: (_reason: string, total: number) => void lost.push(total) };
    const { telemetry, bus, journal, timers } = await setUp({ reserveMax: 3, emergencyPerMinuteMax: 0 }, { losses });
    journal.failWith(new Error('poisoned'));
    bus.mood = 'hangs';
    const receipts = ['1', '2', '3', '4', '5'].map((id) => telemetry.emit(packetOf(id, 'CRITICAL')));
    expect(await Promise.all(receipts.map(({ durable }) => durable))).toEqual([false, false, false, false, false]);
    expect(lost).toEqual([1, 2]);
    expect(telemetry.ledger()).toMatchObject({
      exact: true,
      lanes: { emergency: { undurable: 3, dropped: { journal_failed: 2 } } },
    });
    bus.release();
    await timers.advance(100);
    expect(ids(bus.packets('oona.emergency'))).toEqual(['1', '2', '3']);
    telemetry.emit(packetOf('6', 'CRITICAL'));
    await timers.advance(100);
    expect(ids(bus.packets('oona.emergency'))).toContain('6');
  });

  it('that find no room in memory wait on disk alone and come later, in order', async () => {
    const { telemetry, bus, timers } = await setUp({
      emergencyBytesMax: 2000,
      emergencyPerMinuteMax: 0,
      inFlightMax: 1,
    });
    bus.mood = 'hangs';
    const sent = Array.from({ length: 40 }, (_, i) => `c-${String(i).padStart(2, '0')}`);
    for (const id of sent) await telemetry.emit(packetOf(id, 'CRITICAL', 'x'.repeat(300))).durable;
    const { queued, queuedBytes } = telemetry.ledger().lanes.emergency;
    expect(queued.disk).toBeGreaterThan(30);
    expect(queuedBytes).toBeLessThanOrEqual(2000);
    expect(telemetry.ledger().exact).toBe(true);
    bus.release();
    await timers.advance(1000);
    expect(ids(bus.packets('oona.emergency'))).toEqual(sent);
    expect(telemetry.ledger()).toMatchObject({
      exact: true,
      lanes: { emergency: { deliveredAlone: 40, queued: { disk: 0, memory: 0 } } },
    });
  });

  it('beyond what may wait on disk are dropped and counted', async () => {
    const { telemetry, bus } = await setUp({ emergencyBytesMax: 1024, parkedMax: 2, inFlightMax: 1 });
    bus.mood = 'hangs';
    for (let i = 0; i < 8; i += 1) await telemetry.emit(packetOf(`${i}`, 'CRITICAL', 'x'.repeat(500))).durable;
    expect(telemetry.ledger()).toMatchObject({
      exact: true,
      lanes: { emergency: { dropped: { disk_full: 4 }, queued: { disk: 2 } } },
    });
  });

  it('while the disk hangs, memory stays bounded', async () => {
    const { telemetry, journal } = await setUp({ emergencyBytesMax: 2000 });
    journal.hold();
    const accepted = Array.from(
      { length: 10 },
      (_, i) => telemetry.emit(packetOf(`${i}`, 'CRITICAL', 'x'.repeat(400))).accepted,
    );
    expect(accepted.filter(Boolean).length).toBe(2);
    expect(telemetry.ledger()).toMatchObject({
      exact: true,
      lanes: { emergency: { dropped: { lane_full: 8 }, queued: { writing: 2 } } },
    });
  });

  it('a record of another version stops the opening, by code', async () => {
    const { journal } = await setUp();
    await journal.append(Uint8Array.of(0x80));
    await expect(setUp({}, { journal: journal.crash() })).rejects.toMatchObject({
      code: 'TELEMETRY_JOURNAL_UNREADABLE',
    });
  });
});

describe('RT-12: the rate of the emergency lane', () => {
  it('RT-12: ten CRITICAL at three a minute: three sent, seven deferred, all on disk, then one summary naming the seven', async () => {
    const { telemetry, bus, timers, journal } = await setUp({ emergencyPerMinuteMax: 3 });
    const receipts = Array.from({ length: 10 }, (_, i) => telemetry.emit(packetOf(`p-${i}`, 'CRITICAL')));
    expect(await Promise.all(receipts.map(({ durable }) => durable))).toEqual(receipts.map(() => true));
    await settle();
    expect(journal.records.length).toBeGreaterThanOrEqual(10);
    expect(ids(bus.packets('oona.emergency'))).toEqual(['p-0', 'p-1', 'p-2']);
    expect(telemetry.ledger().lanes.emergency).toMatchObject({ deliveredAlone: 3, queued: { memory: 7 } });
    await timers.advance(19_000);
    expect(bus.taken).toHaveLength(3);
    await timers.advance(1500);
    expect(bus.taken).toHaveLength(4);
    const summary = bus.packets('oona.emergency').at(-1);
    expect(summary).toMatchObject({ priority: 'CRITICAL', level: 'CRITICAL' });
    expect(summary?.events).toEqual([
      {
        description: 'telemetry_summary',
        level: 'CRITICAL',
        attributes: { count: '7', packets: 'p-3,p-4,p-5,p-6,p-7,p-8,p-9', unnamed: '0', events: 'timeout_inference=7' },
      },
    ]);
    expect(telemetry.ledger()).toMatchObject({
      exact: true,
      lanes: { emergency: { deliveredAlone: 3, deliveredInSummary: 7, summaries: 1 } },
    });
    await timers.advance(60_000);
    telemetry.emit(packetOf('later', 'CRITICAL'));
    await settle();
    expect(ids(bus.packets('oona.emergency')).at(-1)).toBe('later');
  });

  it('a summary that does not arrive gives everything back', async () => {
    const { telemetry, bus, timers } = await setUp({ emergencyPerMinuteMax: 1 });
    for (const id of ['1', '2', '3']) telemetry.emit(packetOf(id, 'HIGH'));
    await settle();
    bus.mood = 'rejects';
    await timers.advance(61_000);
    expect(telemetry.ledger()).toMatchObject({
      exact: true,
      lanes: { emergency: { deliveredAlone: 1, queued: { memory: 2 } } },
    });
    bus.mood = 'takes';
    await timers.advance(130_000);
    expect(telemetry.ledger()).toMatchObject({ exact: true, lanes: { emergency: { queued: { memory: 0 } } } });
  });

  it('the telemetry lane has no rate', async () => {
    const { telemetry, bus } = await setUp({ emergencyPerMinuteMax: 1 });
    for (let i = 0; i < 50; i += 1) telemetry.emit(packetOf(`${i}`));
    await settle();
    expect(bus.packets('oona.telemetry')).toHaveLength(50);
  });
});

describe('drain', () => {
  it('delivers what it can, the rest goes to disk and is there for the next process', async () => {
    const first = await setUp({ emergencyPerMinuteMax: 1 });
    first.bus.mood = 'refuses';
    for (const id of ['n-1', 'n-2']) first.telemetry.emit(packetOf(id));
    first.telemetry.emit(packetOf('c-1', 'CRITICAL'));
    first.telemetry.emit(packetOf('h-1', 'HIGH'));
    await settle();
    const drained = first.telemetry.drain(500);
    await first.timers.advance(1000);
    expect(await drained).toEqual({ delivered: 0, kept: 4, lost: 0 });
    expect(first.telemetry.ledger().exact).toBe(true);
    expect(first.telemetry.emit(packetOf('late')).accepted).toBe(false);
    expect(first.telemetry.ledger().lanes.telemetry.dropped.closed).toBe(1);
    const second = await setUp({}, { journal: first.journal.crash() });
    await second.timers.advance(100);
    expect(ids(second.bus.packets('oona.telemetry'))).toEqual(['n-1', 'n-2']);
    expect(ids(second.bus.packets('oona.emergency')).sort()).toEqual(['c-1', 'h-1']);
  });

  it('sends what the rate held back as one summary, at once', async () => {
    const { telemetry, bus, timers } = await setUp({ emergencyPerMinuteMax: 1 });
    for (const id of ['1', '2', '3', '4']) telemetry.emit(packetOf(id, 'CRITICAL'));
    await settle();
    const drained = telemetry.drain(5000);
    await timers.advance(50);
    expect(await drained).toEqual({ delivered: 3, kept: 0, lost: 0 });
    expect(bus.packets('oona.emergency').at(-1)?.events[0]?.attributes).toMatchObject({ count: '3', packets: '2,3,4' });
    expect(telemetry.drain(1)).toBe(telemetry.drain(1));
  });

  it('with bus and disk gone it says what is lost', async () => {
    const { telemetry, bus, journal, timers } = await setUp();
    bus.mood = 'hangs';
    telemetry.emit(packetOf('1'));
    telemetry.emit(packetOf('2', 'HIGH'));
    await settle();
    journal.failWith(new Error('gone'));
    const drained = telemetry.drain(100);
    await timers.advance(200);
    expect(await drained).toEqual({ delivered: 0, kept: 0, lost: 2 });
    expect(telemetry.ledger().exact).toBe(true);
  });
});

type World = Awaited<ReturnType<typeof setUp>>;
const SMALL = { emergencyBytesMax: 4000, telemetryBytesMax: 4000, emergencyPerMinuteMax: 600, retryDelayMs: 10 };

/** One step of a bad day: packets of any size and urgency, a bus of any mood, a disk that may fail, a while. */
async function badStep({ telemetry, bus, timers, journal }: World, random: SeededRandom, note: (id: string) => void) {
  for (let i = random.int(0, 5); i > 0; i -= 1) {
    const id = `p-${random.uint32()}`;
    const priority = random.pick(['LOW', 'NORMAL', 'HIGH', 'CRITICAL'] as const);
    const { durable } = telemetry.emit(packetOf(id, priority, 'x'.repeat(random.int(0, 600))));
    void durable.then((isDurable) => isDurable && note(id));
  }
  if (random.chance(0.2)) bus.release();
  bus.mood = random.pick(['takes', 'takes', 'takes', 'refuses', 'rejects', 'hangs'] as const);
  journal.failWith(random.chance(0.1) ? new Error('disk') : undefined);
  await timers.advance(random.int(0, 400));
}

describe('the ledger', () => {
  it.each(Array.from({ length: 15 }, (_, i) => i + 1))(
    'seed %d: is exact at every moment, and nothing durable is lost over crashes',
    async (seed) => {
      const random = new SeededRandom(seed);
      const arrived = new Set<string>();
      const durable = new Set<string>();
      let world = await setUp(SMALL);
      for (let step = 0; step < 150; step += 1) {
        await badStep(world, random, (id) => durable.add(id));
        expect(world.telemetry.ledger(), `step ${step}`).toMatchObject({ exact: true });
        if (!random.chance(0.05)) continue;
        collect(world.bus, arrived);
        world = await setUp(SMALL, { journal: world.journal.crash() });
      }
      world.bus.release();
      world.journal.failWith(undefined);
      await world.timers.advance(120_000);
      collect(world.bus, arrived);
      expect(durable.size).toBeGreaterThan(50);
      expect([...durable].filter((id) => !arrived.has(id))).toEqual([]);
      expect(world.telemetry.ledger().lanes.emergency.queued).toEqual({ memory: 0, disk: 0, writing: 0, inFlight: 0 });
    },
  );
});

function collect(bus: { readonly taken: readonly { readonly packet: TelemetryPacket }[] }, into: Set<string>): void {
  for (const { packet } of bus.taken) {
    into.add(packet.packetId);
    for (const { description, attributes } of packet.events) {
      if (description === 'telemetry_summary') for (const id of (attributes['packets'] ?? '').split(',')) into.add(id);
    }
  }
}
