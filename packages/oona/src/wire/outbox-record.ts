import {
  type BusEnvelope,
  decodeMessage,
  decodePlain,
  encodeMessage,
  encodePlain,
  type LeylineRefusal,
  type PlainValue,
} from '@esper/leyline';
import { err, ok, type Result } from '@esper/std';
import { BUS_STREAMS, type BusStream } from '../ports.js';

/** How far one group of one stream is. */
export interface GroupCursor {
  readonly stream: BusStream;
  readonly group: string;
  readonly position: number;
}

/**
 * What the outbox writes down: a message, or how far all groups are. The newest `cursors` record counts; it is written
 * again before older records are forgotten.
 */
export type OutboxRecord =
  | { readonly kind: 'message'; readonly stream: BusStream; readonly envelope: BusEnvelope; readonly sizeBytes: number }
  | { readonly kind: 'cursors'; readonly cursors: readonly GroupCursor[] };

const VERSION = 1;

/** Throws `LeylineError` for an invalid envelope. */
export const encodeMessageRecord = (stream: BusStream, envelope: BusEnvelope): Uint8Array =>
  encodePlain({ v: VERSION, stream, envelope: encodeMessage('BusEnvelope', envelope) });

export const encodeCursorsRecord = (cursors: readonly GroupCursor[]): Uint8Array =>
  encodePlain({ v: VERSION, cursors: cursors.map(({ stream, group, position }) => [stream, group, position]) });

/** The record in the bytes, or what is wrong with them. Never throws. */
export function decodeOutboxRecord(bytes: Uint8Array): Result<OutboxRecord, string> {
  const decoded = decodePlain(bytes);
  if (!decoded.ok) return err(describe(decoded.error));
  const map = decoded.value;
  if (!isMap(map) || map['v'] !== VERSION) return err('not an outbox record of version 1');
  if (map['cursors'] !== undefined) return decodeCursors(map['cursors']);
  const { stream, envelope } = map as { readonly stream?: PlainValue; readonly envelope?: PlainValue };
  if (!isStream(stream) || !(envelope instanceof Uint8Array)) return err('a message record without stream or envelope');
  const message = decodeMessage('BusEnvelope', envelope);
  if (!message.ok) return err(describe(message.error));
  return ok({ kind: 'message', stream, envelope: message.value, sizeBytes: bytes.byteLength });
}

function decodeCursors(value: PlainValue): Result<OutboxRecord, string> {
  if (!Array.isArray(value)) return err('cursors that are no list');
  const cursors: GroupCursor[] = [];
  for (const item of value as readonly PlainValue[]) {
    const [stream, group, position] = Array.isArray(item) ? (item as readonly PlainValue[]) : [];
    if (!isStream(stream) || typeof group !== 'string' || !Number.isSafeInteger(position))
      return err('a broken cursor');
    cursors.push({ stream, group, position: position as number });
  }
  return ok({ kind: 'cursors', cursors });
}

const isMap = (value: PlainValue): value is { readonly [key: string]: PlainValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);

const isStream = (value: PlainValue | undefined): value is BusStream =>
  (BUS_STREAMS as readonly unknown[]).includes(value);

const describe = ({ code, path }: LeylineRefusal): string => `${code} at ${path}`;
