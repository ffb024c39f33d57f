/**
 * A model of the prototype's protobuf runtime, for its field reports alone: parse, and write again in canonical order. Kept
 * apart from the reader that is used, so that the two can be compared.
 */
type WireField = {
  readonly number: number;
  readonly wire: number;
  readonly value: bigint | Uint8Array;
  readonly raw: Uint8Array;
};
type Kind = 'varint' | 'int32' | 'text' | 'metric' | 'time' | 'action';

const REPORT: Readonly<Record<number, Kind>> = {
  1: 'int32',
  2: 'text',
  3: 'text',
  4: 'text',
  5: 'text',
  6: 'text',
  7: 'int32',
  8: 'metric',
  9: 'int32',
  10: 'time',
  11: 'text',
  12: 'action',
  13: 'text',
};
const TIME: Readonly<Record<number, Kind>> = { 1: 'varint', 2: 'int32' };
const ACTION: Readonly<Record<number, Kind>> = { 1: 'text', 2: 'text' };
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function fieldsOf(bytes: Uint8Array): readonly WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const varint = (most: number): bigint => {
    let value = 0n;
    for (let n = 0; n < most; n += 1) {
      const byte = bytes[at];
      if (byte === undefined) throw new SyntaxError('cut');
      at += 1;
      value |= BigInt(byte & 127) << BigInt(7 * n);
      if (byte < 128) return value;
    }
    throw new SyntaxError('long');
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new SyntaxError('short');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const tagAt = (): number => {
    const tag = Number(varint(5));
    if (tag >= 2 ** 32 || tag < 8) throw new SyntaxError('tag');
    return tag;
  };
  const readValue = (tag: number): bigint | Uint8Array => {
    const wire = tag & 7;
    if (wire === 0) return varint(10);
    if (wire === 1) return take(8);
    if (wire === 5) return take(4);
    if (wire === 2) return take(Number(varint(5)));
    if (wire !== 3) throw new SyntaxError('wire type');
    for (;;) {
      const inner = tagAt();
      if ((inner & 7) !== 4) readValue(inner);
      else if (inner >>> 3 === tag >>> 3) return new Uint8Array();
      else throw new SyntaxError('group');
    }
  };
  while (at < bytes.length) {
    const start = at;
    const tag = tagAt();
    const value = readValue(tag);
    fields.push({ number: tag >>> 3, wire: tag & 7, value, raw: bytes.subarray(start, at) });
  }
  return fields;
}

const wireOf = (kind: Kind): number => (kind === 'varint' || kind === 'int32' ? 0 : 2);

function writeVarint(value: bigint): number[] {
  const out: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    if (rest < 128n) return [...out, Number(rest)];
    out.push(Number(rest & 127n) | 128);
  }
}

const delimited = (number: number, body: ArrayLike<number>): number[] => [
  ...writeVarint(BigInt(number * 8 + 2)),
  ...writeVarint(BigInt(body.length)),
  ...Array.from(body),
];

/** One message: known fields by number, then the unknown ones in the order in which they came. */
function rewrite(bytes: Uint8Array, schema: Readonly<Record<number, Kind>>): number[] {
  const known = new Map<number, WireField[]>();
  const unknown: number[] = [];
  for (const field of fieldsOf(bytes)) {
    const kind = schema[field.number];
    if (kind === undefined || wireOf(kind) !== field.wire) {
      unknown.push(...field.raw);
      continue;
    }
    if (kind === 'text') utf8.decode(field.value as Uint8Array);
    const entry = kind === 'metric' ? metricOf(field.value as Uint8Array) : undefined;
    if (entry !== undefined && 'stray' in entry) unknown.push(...delimited(field.number, entry.stray));
    else known.set(field.number, [...(known.get(field.number) ?? []), field]);
  }
  const numbers = [...known.keys()].sort((a, b) => a - b);
  return [
    ...numbers.flatMap((number) => writeField(number, schema[number] as Kind, known.get(number) ?? [])),
    ...unknown,
  ];
}

function writeField(number: number, kind: Kind, fields: readonly WireField[]): readonly number[] {
  const last = fields.at(-1)?.value;
  if (typeof last === 'bigint') {
    const value = kind === 'int32' ? BigInt.asIntN(32, last) : last;
    return BigInt.asUintN(64, value) === 0n ? [] : [...writeVarint(BigInt(number * 8)), ...writeVarint(value)];
  }
  if (kind === 'text') return (last as Uint8Array).length === 0 ? [] : delimited(number, last as Uint8Array);
  if (kind === 'metric') return writeMetrics(number, fields);
  if (kind === 'action') return fields.flatMap(({ value }) => delimited(number, rewrite(value as Uint8Array, ACTION)));
  const merged = fields.flatMap(({ value }) => [...(value as Uint8Array)]);
  return delimited(number, rewrite(Uint8Array.from(merged), TIME));
}

interface Metric {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** `stray`: an entry with fields of its own; the runtime writes it anew and keeps it as a field that nobody knows. */
function metricOf(bytes: Uint8Array): Metric | { readonly stray: readonly number[] } {
  const fields = fieldsOf(bytes);
  const isKey = ({ number, wire }: WireField) => number === 1 && wire === 2;
  const isValue = ({ number, wire }: WireField) => number === 2 && wire === 5;
  for (const key of fields.filter(isKey)) utf8.decode(key.value as Uint8Array);
  const key = fields.findLast(isKey)?.value as Uint8Array | undefined;
  const value = fields.findLast(isValue)?.value as Uint8Array | undefined;
  const unknown = fields.filter((field) => !isKey(field) && !isValue(field)).flatMap(({ raw }) => [...raw]);
  if (unknown.length === 0) return { key: key ?? new Uint8Array(), value: value ?? new Uint8Array(4) };
  const head = key === undefined ? [] : delimited(1, key);
  return { stray: [...head, ...(value === undefined ? [] : [0x15, ...value]), ...unknown] };
}

function writeMetrics(number: number, fields: readonly WireField[]): readonly number[] {
  const byKey = new Map<string, Metric>();
  for (const { value } of fields) {
    const metric = metricOf(value as Uint8Array) as Metric;
    byKey.set(utf8.decode(metric.key), metric);
  }
  return [...byKey.values()]
    .sort((a, b) => compareKeys(a.key, b.key))
    .flatMap(({ key, value }) => delimited(number, [...delimited(1, key), 0x15, ...value]));
}

/** Bytewise, but where one key begins with the other the longer comes first. */
function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  if (at < 0 || at >= b.length) return b.length - a.length;
  return (a[at] as number) - (b[at] as number);
}

/** The report in canonical bytes, or `undefined` where the runtime refuses it. */
export function canonicalReport(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return Uint8Array.from(rewrite(bytes, REPORT));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
