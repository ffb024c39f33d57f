/**
 * 32 bits over plain data, the same whatever the order of a map's keys. Every step can be undone, and entries of a map are
 * added up: data that differs in one value alone never has the same fingerprint. Against accidents; against forgers there is
 * the signature.
 */
export function fingerprintOf(value: unknown): number {
  return seal(valueWord(value));
}

/** The same over the raw content of a typed array. */
export function fingerprintOfArray(array: ArrayBufferView): number {
  const { buffer, byteOffset, byteLength } = array;
  if (byteOffset % 4 !== 0 || byteLength % 4 !== 0)
    return fingerprintOf(new Uint8Array(buffer, byteOffset, byteLength));
  let hash: number = TAGS.bytes;
  for (const word of new Uint32Array(buffer, byteOffset, byteLength / 4)) hash = mix(hash, word);
  return seal(mix(hash, byteLength));
}

const TAGS = { nil: 1, false: 2, true: 3, number: 4, text: 5, bytes: 6, list: 7, map: 8, integer: 9 } as const;
const scratch = new DataView(new ArrayBuffer(8));

function valueWord(value: unknown): number {
  switch (typeof value) {
    case 'number':
      return numberWord(value);
    case 'string':
      return textWord(value, TAGS.text);
    case 'boolean':
      return value ? TAGS.true : TAGS.false;
    case 'bigint':
      return textWord(value.toString(), TAGS.integer);
    case 'object':
      return value === null ? TAGS.nil : objectWord(value);
    default:
      throw new TypeError(`no plain data: ${typeof value}`);
  }
}

function numberWord(value: number): number {
  scratch.setFloat64(0, Number.isNaN(value) ? Number.NaN : value);
  return mix(mix(TAGS.number, scratch.getUint32(0)), scratch.getUint32(4));
}

function textWord(text: string, tag: number): number {
  let hash = tag;
  for (let at = 0; at < text.length; at += 1) hash = mix(hash, text.charCodeAt(at));
  return mix(hash, text.length);
}

function objectWord(value: object): number {
  if (value instanceof Uint8Array) {
    let hash: number = TAGS.bytes;
    for (const byte of value) hash = mix(hash, byte);
    return mix(hash, value.length);
  }
  if (Array.isArray(value)) {
    let hash: number = TAGS.list;
    for (const item of value) hash = mix(hash, valueWord(item));
    return mix(hash, value.length);
  }
  return mapWord(value as Readonly<Record<string, unknown>>);
}

/** What is `undefined` is absent, as in the record. */
function mapWord(map: Readonly<Record<string, unknown>>): number {
  let sum: number = TAGS.map;
  for (const key of Object.keys(map)) {
    const value = map[key];
    if (value !== undefined) sum = (sum + seal(mix(textWord(key, TAGS.map), valueWord(value)))) | 0;
  }
  return sum;
}

/** One step of MurmurHash3: for a given `hash` another `word` always gives another result, and the other way round. */
function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = hash ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** Its last step, so that each bit of the input reaches every bit of the result. */
function seal(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
