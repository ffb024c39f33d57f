import { Buffer } from 'node:buffer';

/**
 * Plain data as JSON: bytes as base64, 64-bit integers as decimal text, NaN and ±Infinity as the texts of those names, as
 * the messages' own JSON form has them.
 */
export const jsonText = (value: unknown): string => JSON.stringify(value, asJson);

function asJson(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (typeof value === 'bigint') return value.toString();
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
