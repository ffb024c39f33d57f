const PATH_CHARS_MAX = 200;
const SHORT_WORD = /^[\w.-]{1,24}$/;
const PLAIN_KEY = /^[\w$-]{1,64}$/;

/** What a value is, by type and size: contents may be secret, so texts and bytes are only measured. */
export function describeFound(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return `text of ${value.length} characters`;
  if (typeof value === 'number' || typeof value === 'boolean') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value === 'bigint') return `integer ${boundedDigits(value)}`;
  if (typeof value === 'object') return describeObject(value);
  return `a ${typeof value}`;
}

/** The same, but a single short word is quoted. For places where one of a closed set of words was expected. */
export const describeWord = (value: unknown): string =>
  typeof value === 'string' && SHORT_WORD.test(value) ? `"${value}"` : describeFound(value);

/** A key as it may appear in a message: short and printable. */
export const describeKey = (key: string): string => (PLAIN_KEY.test(key) ? key : JSON.stringify(key.slice(0, 32)));

/** `['seedStates', 3, 'metrics', 'a b']` → `seedStates[3].metrics["a b"]`; the empty path is `$`. */
export function describePath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (PLAIN_KEY.test(String(part))) text += text === '' ? String(part) : `.${String(part)}`;
    else text += `[${describeKey(String(part))}]`;
  }
  if (text === '') return '$';
  return text.length <= PATH_CHARS_MAX ? text : `${text.slice(0, PATH_CHARS_MAX - 1)}…`;
}

function describeObject(value: object): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return 'an object of a class';
  return `an object of ${Object.keys(value).length} fields`;
}

function boundedDigits(value: bigint): string {
  const text = value.toString();
  return text.length <= 24 ? text : `of ${text.length} digits`;
}
