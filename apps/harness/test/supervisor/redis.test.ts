import { decodeMessage, TELEMETRY_LEVELS, type TelemetryLevel, type TelemetryPacket } from '@esper/leyline';
import type { Bus, Delivery } from '@esper/oona';
import { buildFailurePacket, buildNoticePacket, isUrgent, TAMIYO_EVENTS, type Telemetry } from '@esper/telemetry';
import { MemoryTelemetryJournal } from '@esper/telemetry/testing';
import { hasRedis, type RedisServer, SeededRandom, startRedis } from '@esper/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { onRedis, readerOf, supervisorOn, telemetryOn, until } from './set-up.js';

const timestampMs = 1_700_000_000_000;

const packetIn = ({ envelope }: Delivery): TelemetryPacket => {
  const decoded = decodeMessage('TelemetryPacket', envelope.payload);
  if (!decoded.ok) throw new Error(decoded.error.code);
  return decoded.value;
};
const idsIn = (seen: readonly Delivery[]): string[] => seen.map((delivery) => packetIn(delivery).packetId);

describe.skipIf(!hasRedis())('telemetry over a real redis-server', () => {
  let server: RedisServer;
  let bus: Bus;
  beforeEach(async () => {
    // What is answered survives a killed process either way; `packages/oona` does the same with `always`.
    server = await startRedis();
    bus = await onRedis(server.url);
  });
  afterEach(async () => {
    await bus.close();
    await server.stop();
  });

  it('RT-05, RT-03: every event of the catalogue, at every level, lands on the stream the catalogue says', async () => {
    const emergency = await readerOf(bus, 'oona.emergency', 'test');
    const normal = await readerOf(bus, 'oona.telemetry', 'test');
    const telemetry = await telemetryOn(bus, { emergencyPerMinuteMax: 0 });
    const wanted = { emergency: [] as string[], telemetry: [] as string[] };
    for (const name of Object.keys(TAMIYO_EVENTS)) {
      for (const level of Object.keys(TELEMETRY_LEVELS) as TelemetryLevel[]) {
        const packetId = `${name} ${level}`;
        const isLoud = level === 'CRITICAL' || ((level === 'WARNING' || level === 'ERROR') && isUrgent(name));
        wanted[isLoud ? 'emergency' : 'telemetry'].push(packetId);
        telemetry.emit(
          buildNoticePacket({ packetId, timestampMs, events: [{ description: name, level, attributes: {} }] }),
        );
      }
    }
    await until(() => emergency.length + normal.length >= wanted.emergency.length + wanted.telemetry.length);
    expect(idsIn(emergency).sort()).toEqual(wanted.emergency.sort());
    expect(idsIn(normal).sort()).toEqual(wanted.telemetry.sort());
    expect(wanted.emergency.length).toBeGreaterThan(100);
    // RT-07: what it is routed by is in the message as well.
    expect(emergency.every(({ envelope }) => envelope.priority === packetIn({ envelope } as Delivery).priority)).toBe(
      true,
    );
    await telemetry.drain(1000);
  });

  it('RT-12: ten CRITICAL at three a minute: three entries, seven deferred, on disk, and then one summary that names them', async () => {
    const emergency = await readerOf(bus, 'oona.emergency', 'test');
    const journal = new MemoryTelemetryJournal();
    const telemetry = await telemetryOn(bus, { emergencyPerMinuteMax: 3 }, { journal });
    const receipts = Array.from({ length: 10 }, (_, i) =>
      telemetry.emit(buildFailurePacket({ reason: 'timeout_inference', timestampMs, packetId: `p-${i}` })),
    );
    expect(await Promise.all(receipts.map(({ durable }) => durable))).toEqual(receipts.map(() => true));
    await until(() => emergency.length === 3);
    expect(telemetry.ledger().lanes.emergency).toMatchObject({ deliveredAlone: 3, queued: { memory: 7 } });
    const drained = await telemetry.drain(5000);
    await until(() => emergency.length === 4);
    expect(drained).toEqual({ delivered: 7, kept: 0, lost: 0 });
    const summary = packetIn(emergency[3] as Delivery).events[0];
    expect(summary?.attributes).toMatchObject({ count: '7', packets: 'p-3,p-4,p-5,p-6,p-7,p-8,p-9', unnamed: '0' });
    expect(telemetry.ledger().exact).toBe(true);
  });

  it('AW-11, PF-41: 96 packets at concurrency 6: all arrive, none dropped, never more than 128 waiting', async () => {
    await bus.close();
    bus = await onRedis(server.url, { entriesMax: 128 });
    const normal = await readerOf(bus, 'oona.telemetry', 'test');
    const telemetry = await telemetryOn(bus, { inFlightMax: 6 });
    for (let i = 0; i < 96; i += 1) telemetry.emit(buildNoticePacket({ packetId: `${i}`, timestampMs, events: [] }));
    let deepest = 0;
    await until(() => {
      deepest = Math.max(deepest, bus.depth('oona.telemetry').entries);
      return normal.length === 96;
    });
    expect(new Set(idsIn(normal)).size).toBe(96);
    expect(deepest).toBeLessThanOrEqual(128);
    expect(bus.counters()).toMatchObject({ published: 96, refused: {} });
    expect(telemetry.ledger().lanes.telemetry).toMatchObject({ emitted: 96, dropped: { shed: 0, lane_full: 0 } });
    await telemetry.drain(1000);
  });

  it('RT-19, D-05: SIGKILLed 20 times under load: ledger exact, no CRITICAL lost, no effect twice', async () => {
    const { weatherlight } = await supervisorOn(bus);
    const effects = await readerOf(bus, 'oona.emergency', 'test');
    const telemetry = await telemetryOn(bus, { emergencyPerMinuteMax: 0 });
    const load = startLoad(telemetry);
    const random = new SeededRandom(8);
    for (let kill = 0; kill < 20; kill += 1) {
      const target = effects.length + random.int(5, 25);
      await until(() => effects.length >= target);
      await server.kill();
      expect(telemetry.ledger().exact).toBe(true);
      await server.start();
    }
    const emitted = load.stop();
    const isEmpty = () => Object.values(telemetry.ledger().lanes).every(({ queued }) => sum(queued) === 0);
    await until(isEmpty);
    await until(() => effects.length >= emitted.critical && sum(weatherlight.supervision().packets) >= emitted.all);
    const ids = idsIn(effects);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBe(emitted.critical);
    expect(telemetry.ledger()).toMatchObject({
      exact: true,
      lanes: { emergency: { deliveredAlone: emitted.critical, dropped: { shed: 0, lane_full: 0, refused: 0 } } },
    });
    expect(weatherlight.priorityCounters().critical).toBe(emitted.critical);
    await telemetry.drain(1000);
  });

  it('a server that stalls changes nothing for the caller: emit answers at once and the ledger stays exact', async () => {
    const telemetry = await telemetryOn(bus);
    server.pause();
    for (let i = 0; i < 50; i += 1) {
      telemetry.emit(buildFailurePacket({ reason: 'timeout_inference', timestampMs, packetId: `${i}` }));
    }
    expect(telemetry.ledger()).toMatchObject({ exact: true, lanes: { emergency: { emitted: 50 } } });
    server.resume();
    const seen = await readerOf(bus, 'oona.emergency', 'test');
    await until(() => seen.length >= 50);
    expect(new Set(idsIn(seen)).size).toBe(50);
    await telemetry.drain(1000);
  });
});

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);

const BACKLOG_MAX = 200;

/** Emits as fast as a busy host does, every third packet CRITICAL; waits when a slow machine is behind, so that the test ends. */
function startLoad(telemetry: Telemetry): { stop(): { readonly all: number; readonly critical: number } } {
  let all = 0;
  let critical = 0;
  const timer = setInterval(() => {
    const { lanes } = telemetry.ledger();
    if (sum(lanes.emergency.queued) + sum(lanes.telemetry.queued) > BACKLOG_MAX) return;
    for (let i = 0; i < 4; i += 1) {
      all += 1;
      const isCritical = all % 3 === 0;
      if (isCritical) critical += 1;
      const priority = isCritical ? 'CRITICAL' : 'NORMAL';
      telemetry.emit(buildNoticePacket({ packetId: `p-${all}`, timestampMs, events: [], priority }));
    }
  }, 5);
  return {
    stop: () => {
      clearInterval(timer);
      return { all, critical };
    },
  };
}
