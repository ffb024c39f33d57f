import { type BusEnvelope, encodeMessage } from '@esper/leyline';
import type { LaneItem } from '../core/lane-queue.js';
import { buildSummaryPacket } from '../core/summary-packet.js';

/** Packets handed to the bus in one message: one as it is, or several named in a summary. */
export interface Shipment {
  readonly items: readonly LaneItem[];
  readonly envelope: BusEnvelope;
}

/** One packet. */
export const singleShipment = (item: LaneItem, sentAtMs: number): Shipment => ({
  items: [item],
  envelope: {
    version: 1,
    messageType: 'TELEMETRY',
    messageId: item.messageId,
    priority: item.priority,
    sentAtMs,
    payload: item.bytes,
    attributes: {},
  },
});

/** Several packets, told in one. */
export function summaryShipment(
  items: readonly LaneItem[],
  stamp: { readonly messageId: string; readonly sentAtMs: number },
): Shipment {
  const { messageId, sentAtMs } = stamp;
  const packet = buildSummaryPacket({
    packetId: `tamiyo-telemetry-summary-${messageId}`,
    timestampMs: sentAtMs,
    items,
  });
  return {
    items,
    envelope: {
      version: 1,
      messageType: 'TELEMETRY',
      messageId,
      priority: packet.priority,
      sentAtMs,
      payload: encodeMessage('TelemetryPacket', packet),
      attributes: {},
    },
  };
}
