import { err, ok, type Result } from '@esper/std';
import { LeylineError, type LeylineRefusal } from '../errors.js';
import { fromBase64, toBase64 } from './base64.js';
import { describeFound } from './describe-found.js';
import { scanJson } from './json-scan.js';
import { compareKeys } from './key-order.js';
import { LIMITS } from './limits.js';
import type { MessageKind, Messages } from './message-kinds.js';
import { validateMessage } from './validate-message.js';

/** Fields that JSON has no type for. 64-bit integers are decimal text, bytes are base64. */
const REVIVED: { readonly [K in MessageKind]?: { readonly [F in keyof Messages[K]]?: 'uint64' | 'bytes' } } = {
  SystemStatePacket: { timestampNs: 'uint64' },
  PolicyUpdate: { payload: 'bytes' },
  BusEnvelope: { payload: 'bytes' },
};

const FATAL_TEXT = new TextDecoder('utf-8', { fatal: true });
const DECIMAL = /^(?:0|[1-9]\d{0,19})$/;

/**
 * The message as JSON for people and HTTP: keys sorted, `timestampNs` as decimal text, bytes as base64, NaN and ±Infinity
 * (signals only) as the texts `"NaN"`, `"Infinity"`, `"-Infinity"`. Throws {@link LeylineError} for an invalid message.
 */
export function toJson<K extends MessageKind>(kind: K, message: Messages[K]): string {
  const valid = validateMessage(kind, message);
  if (!valid.ok) throw new LeylineError(`cannot write ${kind} as JSON`, valid.error);
  return jsonText(valid.value);
}

/** The message in JSON text (or its UTF-8 bytes), or a named refusal. Never throws; the size is looked at first. */
export function parseJson<K extends MessageKind>(
  kind: K,
  input: string | Uint8Array,
): Result<Messages[K], LeylineRefusal> {
  const text = boundedText(kind, input);
  if (!text.ok) return text;
  const scanned = scanJson(text.value);
  if (!scanned.ok) return scanned;
  let value: unknown;
  try {
    value = JSON.parse(text.value);
  } catch {
    // The parser's message quotes the text, which may be secret.
    return refuse('LEYLINE_MALFORMED', 'JSON', 'a syntax error');
  }
  const revived = revive(kind, value);
  return revived.ok ? validateMessage(kind, revived.value) : revived;
}

function boundedText(kind: MessageKind, input: string | Uint8Array): Result<string, LeylineRefusal> {
  const bytesMax = LIMITS.messageBytesMax[kind];
  if (input.length > bytesMax) return refuse('LEYLINE_TOO_LARGE', `at most ${bytesMax} bytes`, `${input.length}`);
  if (typeof input === 'string') return ok(input);
  try {
    return ok(FATAL_TEXT.decode(input));
  } catch {
    // The decoder's only way to say no.
    return refuse('LEYLINE_MALFORMED', 'text in UTF-8', 'other bytes');
  }
}

function revive(kind: MessageKind, value: unknown): Result<unknown, LeylineRefusal> {
  const fields = REVIVED[kind];
  if (fields === undefined || typeof value !== 'object' || value === null || Array.isArray(value)) return ok(value);
  const revived: Record<string, unknown> = { ...value };
  for (const [field, form] of Object.entries(fields)) {
    if (!Object.hasOwn(revived, field)) continue;
    const read = form === 'uint64' ? readUint64(revived[field]) : readBytes(revived[field]);
    if (read === undefined) {
      const found = describeFound(revived[field]);
      return err({ code: 'LEYLINE_INVALID', path: field, expected: EXPECTED[form], found, otherCount: 0 });
    }
    revived[field] = read;
  }
  return ok(revived);
}

const EXPECTED = { uint64: 'an unsigned integer of 64 bits as decimal text', bytes: 'bytes as base64' } as const;

function readUint64(value: unknown): bigint | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  return typeof value === 'string' && DECIMAL.test(value) ? BigInt(value) : undefined;
}

const readBytes = (value: unknown): Uint8Array | undefined =>
  typeof value === 'string' ? fromBase64(value) : undefined;

/** Depth is bounded: the value has passed its schema. `JSON.stringify` would lose -0 and the non-finite numbers. */
function jsonText(value: unknown): string {
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'bigint') return `"${value}"`;
  if (value instanceof Uint8Array) return `"${toBase64(value)}"`;
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const map = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(map).filter((key) => map[key] !== undefined);
  return `{${keys
    .sort(compareKeys)
    .map((key) => `${JSON.stringify(key)}:${jsonText(map[key])}`)
    .join(',')}}`;
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? '-0' : String(value);
}

function refuse(code: LeylineRefusal['code'], expected: string, found: string): Result<never, LeylineRefusal> {
  return err({ code, path: '$', expected, found, otherCount: 0 });
}
