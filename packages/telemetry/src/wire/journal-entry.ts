import {
  decodeMessage,
  decodePlain,
  encodePlain,
  MESSAGE_PRIORITIES,
  type MessagePriority,
  type PlainValue,
  type TelemetryLevel,
  type TelemetryPacket,
} from '@esper/leyline';
import { err, ok, type Result } from '@esper/std';
import type { LaneItem } from '../core/lane-queue.js';

/** What the journal holds: a packet, or the word that everything up to a position is settled. */
export type JournalEntry =
  | {
      readonly kind: 'packet';
      readonly messageId: string;
      readonly priority: MessagePriority;
      readonly packet: Uint8Array;
    }
  | { readonly kind: 'settled'; readonly through: number };

const VERSION = 1;

export const encodePacketEntry = ({ messageId, priority, bytes }: LaneItem): Uint8Array =>
  encodePlain({ v: VERSION, id: messageId, priority, packet: bytes });

export const encodeSettledEntry = (through: number): Uint8Array => encodePlain({ v: VERSION, settled: through });

/** The entry in the bytes, or what is wrong with them. Never throws. */
export function decodeJournalEntry(bytes: Uint8Array): Result<JournalEntry, string> {
  const decoded = decodePlain(bytes);
  if (!decoded.ok) return err(`${decoded.error.code} at ${decoded.error.path}`);
  const map = decoded.value;
  if (!isMap(map) || map['v'] !== VERSION) return err('not a telemetry entry of version 1');
  const { settled, id, priority, packet } = map as { readonly [key: string]: PlainValue | undefined };
  if (settled !== undefined)
    return Number.isSafeInteger(settled) ? ok({ kind: 'settled', through: settled as number }) : err('a broken mark');
  if (typeof id !== 'string' || !isPriority(priority) || !(packet instanceof Uint8Array))
    return err('a broken packet entry');
  return ok({ kind: 'packet', messageId: id, priority, packet });
}

/** The item that a packet entry stands for, or `undefined` when its packet is not one. */
export function itemOf(entry: JournalEntry & { readonly kind: 'packet' }, position: number): LaneItem | undefined {
  const packet = decodeMessage('TelemetryPacket', entry.packet);
  if (!packet.ok) return undefined;
  const { messageId, priority } = entry;
  return { ...describe(packet.value), messageId, priority, bytes: entry.packet, order: position, position };
}

/** What a lane wants to know of a packet without decoding it again. */
export const describe = (packet: TelemetryPacket): { packetId: string; level: TelemetryLevel; headline: string } => ({
  packetId: packet.packetId,
  level: packet.level,
  headline: packet.events[0]?.description ?? packet.health.summary,
});

const isMap = (value: PlainValue): value is { readonly [key: string]: PlainValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

const isPriority = (value: PlainValue | undefined): value is MessagePriority =>
  typeof value === 'string' && Object.hasOwn(MESSAGE_PRIORITIES, value);
