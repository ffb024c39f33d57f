import { randomUUID } from 'node:crypto';
import { encodeMessage, type TelemetryPacket } from '@esper/leyline';
import type { Bus } from '@esper/oona';
import type { WallClock } from '@esper/std';
import type { Timers } from '../decision/deadline.js';
import type { DecisionJournal } from '../stages/parts.js';

export interface HostTelemetry {
  emit(packet: TelemetryPacket): void;
  close(deadlineMs: number): Promise<void>;
}

export function openTelemetry(parts: {
  readonly bus: Bus;
  readonly journal: DecisionJournal;
  readonly clock: WallClock;
  readonly timers: Timers;
}): HostTelemetry {
  const pending = new Set<Promise<unknown>>();
  return {
    emit: (packet) => {
      const stream = packet.priority === 'HIGH' || packet.priority === 'CRITICAL' ? 'oona.emergency' : 'oona.telemetry';
      const sent = parts.bus.publish(stream, {
        version: 1,
        messageType: 'TELEMETRY',
        messageId: randomUUID(),
        priority: packet.priority,
        sentAtMs: parts.clock.wallMs(),
        payload: encodeMessage('TelemetryPacket', packet),
        attributes: {},
      });
      pending.add(sent);
      sent.finally(() => pending.delete(sent));
    },
    close: async () => {
      await Promise.all(pending);
    },
  };
}
