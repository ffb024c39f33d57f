import type { Result } from '@esper/std';
import { LeylineError, type LeylineRefusal } from '../errors.js';
import { scanBytes } from './byte-scan.js';
import { LIMITS } from './limits.js';
import type { MessageKind, Messages } from './message-kinds.js';
import { decodeScanned } from './plain-codec.js';
import type { PlainLimits, PlainValue } from './plain-value.js';
import { validateMessage } from './validate-message.js';
import { writePlain } from './write-plain.js';

/**
 * The message as canonical msgpack: equal messages give equal bytes. Throws {@link LeylineError} when the value is not
 * a valid message of its kind or is beyond its limits: a bug at the caller.
 */
export function encodeMessage<K extends MessageKind>(kind: K, message: Messages[K]): Uint8Array {
  const valid = validateMessage(kind, message);
  if (!valid.ok) throw new LeylineError(`cannot encode ${kind}`, valid.error);
  const written = writePlain(valid.value, limitsOf(kind));
  if (!written.ok) throw new LeylineError(`cannot encode ${kind}`, written.error);
  return written.value;
}

/**
 * The message in the bytes, or a named refusal. Never throws. In this order: size, structure (see `scanBytes`), fields.
 * Bytes need not be canonical: integers may stand in any form that holds them, keys in any order.
 */
export function decodeMessage<K extends MessageKind>(kind: K, bytes: Uint8Array): Result<Messages[K], LeylineRefusal> {
  const scanned = scanBytes(bytes, limitsOf(kind));
  if (!scanned.ok) return scanned;
  const decoded = decodeScanned(bytes, scanned.value);
  if (!decoded.ok) return decoded;
  // Other languages write counts as 64-bit integers; ours are numbers wherever the value is exact.
  const value = scanned.value.wideIntegers > 0 ? narrowIntegers(decoded.value) : decoded.value;
  return validateMessage(kind, value);
}

function limitsOf(kind: MessageKind): PlainLimits {
  const bytesMax = LIMITS.messageBytesMax[kind];
  const { depthMax, elementsMax, mapEntriesMax, arrayItemsMax, textBytesMax } = LIMITS;
  return { bytesMax, depthMax, elementsMax, mapEntriesMax, arrayItemsMax, textBytesMax };
}

function narrowIntegers(value: PlainValue): PlainValue {
  if (typeof value === 'bigint') {
    const narrow = Number(value);
    return Number.isSafeInteger(narrow) ? narrow : value;
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(narrowIntegers);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, narrowIntegers(inner)]));
}
