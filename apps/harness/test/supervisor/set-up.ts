import { randomUUID } from 'node:crypto';
import { type Bus, type BusStream, type Delivery, openEmbeddedBus } from '@esper/oona';
import { systemTimers as busTimers } from '@esper/oona/node';
import { hmacBusSigner, openRedisBus, type RedisBusOptions, redisConnections, uniqueConsumer } from '@esper/oona/redis';
import { MemoryJournal } from '@esper/oona/testing';
import { systemClock } from '@esper/std/node';
import { createTelemetry, type TelemetryOptions, type TelemetryPorts } from '@esper/telemetry';
import { systemTimers, uuidIds } from '@esper/telemetry/node';
import { MemoryTelemetryJournal } from '@esper/telemetry/testing';
import { type Alert, startWeatherlight } from '../../src/index.js';

export const inMemory = (): Promise<Bus> => openEmbeddedBus({ journal: new MemoryJournal(), timers: busTimers });

/** A bus on a server, with short times. */
export const onRedis = (url: string, options: RedisBusOptions = {}): Promise<Bus> =>
  openRedisBus(
    {
      connections: redisConnections(url),
      signer: hmacBusSigner('a secret of the tests'),
      clock: systemClock,
      timers: busTimers,
      consumer: uniqueConsumer(),
    },
    { retryDelayMs: 5, blockMs: 50, maintainEveryMs: 20, claimIdleMs: 60_000, commandDeadlineMs: 1000, ...options },
  );

/** Telemetry on that bus, with real time and a journal in memory. */
export const telemetryOn = (bus: Bus, options: TelemetryOptions = {}, ports: Partial<TelemetryPorts> = {}) =>
  createTelemetry(
    {
      bus,
      journal: new MemoryTelemetryJournal(),
      clock: systemClock,
      timers: systemTimers,
      ids: uuidIds,
      ...ports,
    },
    { retryDelayMs: 10, ...options },
  );

/** A supervisor on that bus. */
export async function supervisorOn(bus: Bus) {
  const alerts: Alert[] = [];
  const ports = {
    bus,
    clock: systemClock,
    ids: { messageId: () => randomUUID() },
    onAlert: (a: Alert) => alerts.push(a),
  };
  return { weatherlight: await startWeatherlight(ports), alerts };
}

/** Everything a group is given, in order. */
export async function readerOf(bus: Bus, stream: BusStream, group: string): Promise<Delivery[]> {
  const seen: Delivery[] = [];
  await bus.subscribe(stream, group, async (delivery) => void seen.push(delivery));
  return seen;
}

/** Polls until true; rejects after a minute. */
export async function until(isTrue: () => boolean, withinMs = 60_000): Promise<void> {
  const from = systemClock.monoMs();
  while (!isTrue()) {
    if (systemClock.monoMs() - from > withinMs) throw new Error(`still not true after ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
