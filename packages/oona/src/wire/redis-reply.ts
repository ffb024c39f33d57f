import { OonaError } from '../errors.js';
import type { RedisReply } from '../redis-ports.js';

/** An entry of a stream as Redis keeps it. Without fields it has been removed while it was pending. */
export interface RawEntry {
  readonly id: string;
  readonly payload: Uint8Array | undefined;
  readonly signature: string;
  /** Deliveries so far, this one included. */
  readonly deliveries: number;
}

/** The answer to TAKE. */
export type Taken =
  | { readonly kind: 'busy'; readonly waitMs: number }
  | { readonly kind: 'empty'; readonly lastId: string }
  | { readonly kind: 'entries'; readonly entries: readonly RawEntry[]; readonly removed: number };

/** The answer to MAINTAIN. */
export interface StreamState {
  readonly trimmed: number;
  readonly entries: number;
  readonly bytes: number;
  readonly unacknowledged: Readonly<Record<string, number>>;
}

/** The answer to PUBLISH. */
export type PublishAnswer =
  | { readonly kind: 'taken'; readonly id: string; readonly trimmed: number }
  | { readonly kind: 'duplicate'; readonly position: number }
  | { readonly kind: 'full' };

export function readPublishAnswer(reply: RedisReply): PublishAnswer {
  const [kind, value, trimmed] = listIn(reply);
  const word = textIn(kind);
  if (word === 'full') return { kind: 'full' };
  if (word === 'duplicate') return { kind: 'duplicate', position: Number(textIn(value)) };
  return { kind: 'taken', id: textIn(value), trimmed: numberIn(trimmed) };
}

export function readTaken(reply: RedisReply): Taken {
  const [kind, first, counts, gone] = listIn(reply);
  const word = textIn(kind);
  if (word === 'busy') return { kind: 'busy', waitMs: numberIn(first) };
  if (word === 'empty') return { kind: 'empty', lastId: textIn(first) };
  const deliveries = pairs(listIn(counts));
  const entries = listIn(first).map((entry) => readEntry(entry, deliveries));
  return { kind: 'entries', entries, removed: listIn(gone).length };
}

export function readStreamState(reply: RedisReply): StreamState {
  const [trimmed, entries, bytes, ...groups] = listIn(reply);
  return {
    trimmed: numberIn(trimmed),
    entries: numberIn(entries),
    bytes: numberIn(bytes),
    unacknowledged: Object.fromEntries(pairs(groups)),
  };
}

function readEntry(reply: RedisReply, deliveries: ReadonlyMap<string, number>): RawEntry {
  const [idReply, fieldsReply] = listIn(reply);
  const id = textIn(idReply);
  const fields = fieldsReply === null || fieldsReply === undefined ? [] : listIn(fieldsReply);
  let payload: Uint8Array | undefined;
  let signature = '';
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = textIn(fields[i]);
    const value = fields[i + 1];
    if (name === 'payload' && value instanceof Uint8Array) payload = value;
    if (name === 'signature') signature = textIn(value);
  }
  return { id, payload, signature, deliveries: deliveries.get(id) ?? 1 };
}

function pairs(flat: readonly (RedisReply | undefined)[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (let i = 0; i + 1 < flat.length; i += 2) found.set(textIn(flat[i]), numberIn(flat[i + 1]));
  return found;
}

/** Text of a reply; bytes that are no UTF-8 become text that equals nothing. */
export function textIn(reply: RedisReply | undefined): string {
  if (typeof reply === 'string') return reply;
  if (reply instanceof Uint8Array) return new TextDecoder().decode(reply);
  if (typeof reply === 'number') return `${reply}`;
  throw unexpected('text', reply);
}

function numberIn(reply: RedisReply | undefined): number {
  const value = typeof reply === 'number' ? reply : Number(textIn(reply));
  if (Number.isFinite(value)) return value;
  throw unexpected('a number', reply);
}

export function listIn(reply: RedisReply | undefined): readonly RedisReply[] {
  if (reply === null || reply === undefined) return [];
  if (Array.isArray(reply)) return reply as readonly RedisReply[];
  throw unexpected('a list', reply);
}

const unexpected = (what: string, reply: unknown): OonaError =>
  new OonaError(
    'OONA_REDIS_REFUSED',
    `an answer that should be ${what} is ${reply === null ? 'nothing' : typeof reply}`,
  );
