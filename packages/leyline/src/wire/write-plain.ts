import { err, ok, type Result } from '@esper/std';
import type { LeylineRefusal } from '../errors.js';
import { ByteWriter } from './byte-writer.js';
import { describeFound, describePath } from './describe-found.js';
import { canonicalOrder } from './key-order.js';
import type { PlainLimits } from './plain-value.js';

const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;

type Refused = Omit<LeylineRefusal, 'otherCount' | 'path'>;

interface Walk {
  readonly writer: ByteWriter;
  readonly limits: PlainLimits;
  elements: number;
  depth: number;
  /** Where something was refused, innermost first; filled in on the way out, so that what is accepted pays nothing for it. */
  readonly refusedAt: PropertyKey[];
}

/**
 * Canonical msgpack: one value, one byte string. Map keys in the order of their UTF-8 bytes; a property that is
 * `undefined` is absent. Anything that is not plain data is refused, by path.
 */
export function writePlain(value: unknown, limits: PlainLimits): Result<Uint8Array, LeylineRefusal> {
  const writer = takeWriter();
  try {
    const walk: Walk = { writer, limits, elements: 0, depth: 0, refusedAt: [] };
    const refused =
      writeValue(walk, value) ?? (writer.length > limits.bytesMax ? tooLarge(limits.bytesMax) : undefined);
    if (refused === undefined) return ok(writer.finish());
    return err({ ...refused, path: describePath(walk.refusedAt.reverse()), otherCount: 0 });
  } finally {
    giveBack(writer);
  }
}

/**
 * Nearly every message is written into the same memory: growing a new buffer for each was most of what encoding threw away.
 * Whoever writes takes it out, so that a property that is computed by code which encodes in its turn gets one of its own.
 */
let spare: ByteWriter | undefined;
const SPARE_BYTES_MAX = 256 * 1024;

function takeWriter(): ByteWriter {
  const writer = spare ?? new ByteWriter();
  spare = undefined;
  return writer;
}

function giveBack(writer: ByteWriter): void {
  writer.clear();
  if (writer.capacity <= SPARE_BYTES_MAX) spare = writer;
}

function writeValue(walk: Walk, value: unknown): Refused | undefined {
  walk.elements += 1;
  if (walk.elements > walk.limits.elementsMax) return tooMany(`at most ${walk.limits.elementsMax} elements`, 'more');
  if (walk.writer.length > walk.limits.bytesMax) return tooLarge(walk.limits.bytesMax);
  switch (typeof value) {
    case 'boolean':
      walk.writer.boolean(value);
      return undefined;
    case 'number':
      walk.writer.number(value);
      return undefined;
    case 'bigint':
      return writeInteger(walk, value);
    case 'string':
      return writeText(walk, value);
    case 'object':
      return writeObject(walk, value);
    default:
      return invalid('plain data', describeFound(value));
  }
}

function writeInteger(walk: Walk, value: bigint): Refused | undefined {
  if (value < INT64_MIN || value > UINT64_MAX) return invalid('an integer of 64 bits', describeFound(value));
  walk.writer.integer64(value);
  return undefined;
}

function writeText(walk: Walk, value: string): Refused | undefined {
  // A UTF-16 unit is at most three bytes of UTF-8.
  if (
    value.length * 3 > walk.limits.textBytesMax &&
    new TextEncoder().encode(value).length > walk.limits.textBytesMax
  ) {
    return tooMany(`text of at most ${walk.limits.textBytesMax} bytes`, describeFound(value));
  }
  return walk.writer.text(value) ? undefined : invalid('well-formed Unicode text', 'half of a surrogate pair');
}

function writeObject(walk: Walk, value: object | null): Refused | undefined {
  if (value === null) {
    walk.writer.nil();
    return undefined;
  }
  if (value instanceof Uint8Array) {
    if (value.byteLength > walk.limits.bytesMax) return tooLarge(walk.limits.bytesMax);
    walk.writer.binary(value);
    return undefined;
  }
  if (walk.depth >= walk.limits.depthMax) {
    return { code: 'LEYLINE_TOO_DEEP', expected: `nesting of at most ${walk.limits.depthMax}`, found: 'more' };
  }
  if (Array.isArray(value)) return writeArray(walk, value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return invalid('plain data', describeFound(value));
  return writeMap(walk, value as Readonly<Record<string, unknown>>);
}

function writeArray(walk: Walk, items: readonly unknown[]): Refused | undefined {
  const { arrayItemsMax } = walk.limits;
  if (items.length > arrayItemsMax) return tooMany(`a list of at most ${arrayItemsMax}`, describeFound(items));
  walk.writer.arrayHead(items.length);
  walk.depth += 1;
  for (let i = 0; i < items.length; i += 1) {
    const refused = writeValue(walk, items[i]);
    if (refused !== undefined) return refusedAt(walk, i, refused);
  }
  walk.depth -= 1;
  return undefined;
}

function writeMap(walk: Walk, map: Readonly<Record<string, unknown>>): Refused | undefined {
  const { mapEntriesMax } = walk.limits;
  const keys = canonicalOrder(presentKeys(map));
  if (keys.length > mapEntriesMax) return tooMany(`a map of at most ${mapEntriesMax}`, describeFound(map));
  walk.writer.mapHead(keys.length);
  walk.depth += 1;
  for (const key of keys) {
    const refused = key === '__proto__' ? forbiddenKey() : (writeText(walk, key) ?? writeValue(walk, map[key]));
    if (refused !== undefined) return refusedAt(walk, key, refused);
  }
  walk.depth -= 1;
  return undefined;
}

function refusedAt(walk: Walk, place: PropertyKey, refused: Refused): Refused {
  walk.refusedAt.push(place);
  return refused;
}

/** What is `undefined` is absent. */
function presentKeys(map: Readonly<Record<string, unknown>>): readonly string[] {
  const keys = Object.keys(map);
  for (const key of keys) if (map[key] === undefined) return keys.filter((each) => map[each] !== undefined);
  return keys;
}

const invalid = (expected: string, found: string): Refused => ({ code: 'LEYLINE_INVALID', expected, found });
const tooMany = (expected: string, found: string): Refused => ({ code: 'LEYLINE_TOO_MANY', expected, found });
const tooLarge = (bytesMax: number): Refused => ({
  code: 'LEYLINE_TOO_LARGE',
  expected: `at most ${bytesMax} bytes`,
  found: 'more',
});
const forbiddenKey = (): Refused => ({
  code: 'LEYLINE_FORBIDDEN_KEY',
  expected: 'another key',
  found: '__proto__',
});
