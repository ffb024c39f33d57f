import { type BusEnvelope, encodeMessage } from '@esper/leyline';
import { contractEnvelope } from '@esper/oona/testing';
import { buildFailurePacket, buildNoticePacket } from '@esper/telemetry';
import { describe, expect, it } from 'vitest';
import { startWeatherlight } from '../../src/index.js';
import { inMemory, supervisorOn, telemetryOn, until } from './set-up.js';

const timestampMs = 1_700_000_000_000;

describe('the supervisor on a bus', () => {
  it('RT-13: a flush counts priorities, also of what Tamiyo sends, and a bus that does not take its packet', async () => {
    const bus = await inMemory();
    const { weatherlight } = await supervisorOn(bus);
    const telemetry = await telemetryOn(bus);
    telemetry.emit(buildFailurePacket({ reason: 'timeout_inference', timestampMs }));
    telemetry.emit(buildNoticePacket({ packetId: 'high', timestampMs, events: [], priority: 'HIGH' }));
    for (const id of ['1', '2']) telemetry.emit(buildNoticePacket({ packetId: id, timestampMs, events: [] }));
    await until(() => weatherlight.priorityCounters().normal === 2 && weatherlight.priorityCounters().high === 1);
    expect(weatherlight.priorityCounters()).toEqual({ critical: 1, high: 1, normal: 2 });
    expect(await weatherlight.flush()).toBe(true);
    // Its own packet is on the stream it reads, and is not counted.
    await until(() => bus.depth('oona.telemetry').unacknowledged['weatherlight'] === 0);
    expect(weatherlight.priorityCounters()).toEqual({ critical: 1, high: 1, normal: 2 });
    await bus.close();
    expect(await weatherlight.flush()).toBe(false);
    expect(weatherlight.publishFailures()).toBe(1);
  });

  it('a message that comes again counts once, one that is no telemetry is counted as such', async () => {
    let deliver: (given: { envelope: BusEnvelope }) => Promise<void> = async () => undefined;
    const weatherlight = await startWeatherlight({
      bus: {
        subscribe: async (stream, _group, handler) => {
          if (stream === 'oona.emergency') deliver = handler;
          return { close: async () => undefined };
        },
        publish: async () => ({ ok: true, value: undefined }),
        depth: () => ({ unacknowledged: { weatherlight: 5000 } }),
      },
      clock: { wallMs: () => 0 as never },
      ids: { messageId: () => 'm' },
      onAlert: ({ name }) => alerts.push(name),
    });
    const alerts: string[] = [];
    const payload = encodeMessage('TelemetryPacket', buildFailurePacket({ reason: 'timeout_inference', timestampMs }));
    const envelope = { ...contractEnvelope('1'), payload };
    await deliver({ envelope });
    await deliver({ envelope });
    await deliver({ envelope: { ...envelope, messageId: '2', messageType: 'FIELD_REPORT' } });
    await deliver({ envelope: contractEnvelope('3') });
    expect(weatherlight.supervision().emergencies).toEqual({ tamiyo: 1 });
    expect(weatherlight.undecodable()).toBe(2);
    // RT-17 on its own measure: the queue is too deep in two flushes.
    await weatherlight.flush();
    expect(alerts).toEqual([]);
    await weatherlight.flush();
    expect(alerts).toEqual(['oona_queue_depth']);
  });
});
