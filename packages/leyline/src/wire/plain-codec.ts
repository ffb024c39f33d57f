import { err, ok, type Result } from '@esper/std';
import { decode } from '@msgpack/msgpack';
import { LeylineError, type LeylineRefusal } from '../errors.js';
import { type ScanFacts, scanBytes } from './byte-scan.js';
import { PLAIN_LIMITS, type PlainLimits, type PlainValue } from './plain-value.js';
import { writePlain } from './write-plain.js';

/**
 * Plain data as canonical msgpack: equal values give equal bytes. A property that is `undefined` is left out. Throws
 * {@link LeylineError} for anything that is not plain data or is beyond `limits`: a bug at the caller.
 */
export function encodePlain(value: unknown, limits: Partial<PlainLimits> = {}): Uint8Array {
  const written = writePlain(value, { ...PLAIN_LIMITS, ...limits });
  if (written.ok) return written.value;
  throw new LeylineError('cannot encode', written.error);
}

/** The way back. Never throws: whatever the bytes are, the answer is a value within `limits` or a named refusal. */
export function decodePlain(bytes: Uint8Array, limits: Partial<PlainLimits> = {}): Result<PlainValue, LeylineRefusal> {
  const scanned = scanBytes(bytes, { ...PLAIN_LIMITS, ...limits });
  return scanned.ok ? decodeScanned(bytes, scanned.value) : scanned;
}

/** Decodes what {@link scanBytes} has accepted. Byte strings in the result are private copies. */
export function decodeScanned(bytes: Uint8Array, facts: ScanFacts): Result<PlainValue, LeylineRefusal> {
  try {
    // The decoder returns views: without the copy, whoever reuses the input would change a message already checked.
    const input = facts.byteStrings > 0 ? new Uint8Array(bytes) : bytes;
    return ok(decode(input, { useBigInt64: true }) as PlainValue);
  } catch (cause) {
    // The scan accepts only what the decoder takes; should they ever differ, the bytes are refused.
    const found = cause instanceof Error ? cause.name : 'another failure';
    return err({ code: 'LEYLINE_MALFORMED', path: '$', expected: 'decodable bytes', found, otherCount: 0 });
  }
}
