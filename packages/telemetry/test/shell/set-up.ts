import type { TelemetryPacket } from '@esper/leyline';
import { FakeClock, FakeTimers } from '@esper/testkit';
import { buildNoticePacket, createTelemetry, type TelemetryOptions, type TelemetryPorts } from '../../src/index.js';
import { MemoryBus, MemoryTelemetryJournal } from '../../src/testing.js';

/** Telemetry with everything around it in the test's hand. */
export async function setUp(options: TelemetryOptions = {}, parts: Partial<TelemetryPorts> = {}) {
  const clock = new FakeClock();
  const timers = new FakeTimers(clock);
  const bus = new MemoryBus();
  const journal = (parts.journal as MemoryTelemetryJournal | undefined) ?? new MemoryTelemetryJournal();
  lives += 1;
  const life = lives;
  let count = 0;
  const ids = { messageId: () => `m-${life}-${count++}` };
  const telemetry = await createTelemetry({ clock, timers, bus, ids, ...parts, journal }, options);
  return { telemetry, clock, timers, bus, journal };
}

let lives = 0;

/** A packet of the given urgency, named. */
export function packetOf(
  packetId: string,
  priority: TelemetryPacket['priority'] = 'NORMAL',
  text = '',
): TelemetryPacket {
  const level = priority === 'CRITICAL' ? 'CRITICAL' : priority === 'HIGH' ? 'WARNING' : 'INFO';
  const description = priority === 'CRITICAL' ? 'timeout_inference' : 'loss_spike';
  const events = [{ description, level, attributes: text === '' ? {} : { text } } as const];
  return buildNoticePacket({ packetId, timestampMs: 1_700_000_000_000, events, priority });
}
