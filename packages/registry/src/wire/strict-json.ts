import { err, ok, type Result } from '@esper/std';

/**
 * JSON from bytes: UTF-8 without replacement, and no object that names a key twice (a parser would keep one of them in
 * silence), and no byte order mark. The error says what is wrong and quotes nothing.
 */
export function jsonOf(bytes: Uint8Array): Result<unknown, string> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return err('is not UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err('is not JSON');
  }
  return countKeys(text) === countKeysOf(value) ? ok(value) : err('names a key twice');
}

/** Keys as they stand in the text: strings outside of values that are followed by a colon. */
function countKeys(text: string): number {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"\s*(:)?/g)].filter((match) => match[1] === ':').length;
}

function countKeysOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + countKeysOf(item), 0);
  return Object.values(value).reduce((sum: number, item) => sum + 1 + countKeysOf(item), 0);
}
