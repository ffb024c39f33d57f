/**
 * A reader of format version 1 written from docs/formats/wal-v1.md alone. It imports nothing of the library, so it shows that
 * the page suffices, and what the library does beside the page.
 */
export interface StrangersRecord {
  readonly sequence: number;
  readonly issuedAtMs: number;
  readonly payload: Uint8Array;
}

const MARKER = 0xc31f9ae5;
const AREA = 1024;
const FRAME = 48;

/** CRC-32C, bit by bit. */
function crc(bytes: Uint8Array, seed = 0): number {
  let value = ~seed;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  }
  return ~value >>> 0;
}

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const u64 = (bytes: Uint8Array, at: number): number => Number(view(bytes).getBigUint64(at, true));

/** The log id and first sequence in a segment's header, from whichever copy is whole. */
function headerOf(bytes: Uint8Array): { readonly logId: Uint8Array } | undefined {
  for (const from of [0, 512]) {
    const copy = bytes.subarray(from, from + 64);
    if (copy.length < 64 || view(copy).getUint32(60, true) !== crc(copy.subarray(0, 60))) continue;
    if (view(copy).getUint16(8, true) !== 1) throw new Error('a version that this reader does not know');
    return { logId: copy.slice(12, 28) };
  }
  return undefined;
}

interface Place {
  readonly bytes: Uint8Array;
  readonly seed: number;
}

/** Sequence and payload length of a frame whose header holds at this very place. */
function frameAt({ bytes, seed }: Place, offset: number): { sequence: number; payloadBytes: number } | undefined {
  if (offset + FRAME > bytes.length || view(bytes).getUint32(offset, true) !== MARKER) return undefined;
  const here = (seed ^ Math.imul(offset / 8, 0x9e3779b1)) >>> 0;
  const sum = view(bytes).getUint32(offset + 44, true);
  if (crc(bytes.subarray(offset, offset + 44), here) !== sum) return undefined;
  return { sequence: u64(bytes, offset + 8), payloadBytes: view(bytes).getUint32(offset + 4, true) };
}

function* segmentRecords(place: Place, first: number, fence: number): Generator<StrangersRecord> {
  const { bytes } = place;
  let expected = first;
  for (let offset = AREA; offset < bytes.length && expected < fence; ) {
    const frame = frameAt(place, offset);
    if (frame === undefined) {
      offset += 8;
      continue;
    }
    if (frame.sequence >= fence) return;
    const from = offset + FRAME;
    const payload = bytes.subarray(from, from + frame.payloadBytes);
    const whole = payload.length === frame.payloadBytes && crc(payload) === view(bytes).getUint32(offset + 40, true);
    if (frame.sequence >= expected) {
      if (whole) yield { sequence: frame.sequence, issuedAtMs: u64(bytes, offset + 16), payload };
      expected = frame.sequence + 1;
    }
    offset = from + Math.ceil(frame.payloadBytes / 8) * 8;
  }
}

/** Every whole record of a log, oldest first. `files` is name → content of the log's directory. */
export function* readAsStranger(files: ReadonlyMap<string, Uint8Array>): Generator<StrangersRecord> {
  const firstKept = files.has('anchor') ? firstSequenceOf(files.get('anchor') as Uint8Array) : 1;
  const segments = [...files]
    .map(([name, bytes]) => ({ match: /^([0-9a-f]{14})-([0-9a-f]{14})\.wal$/.exec(name), bytes }))
    .flatMap(({ match, bytes }) =>
      match === null
        ? []
        : [{ number: parseInt(match[1] as string, 16), first: parseInt(match[2] as string, 16), bytes }],
    )
    .filter(({ first }) => first >= firstKept)
    .sort((a, b) => a.number - b.number || a.first - b.first);
  const logId = segments.map(({ bytes }) => headerOf(bytes)?.logId).find((id) => id !== undefined);
  if (logId === undefined) return;
  for (const [at, { number, first, bytes }] of segments.entries()) {
    const name = new Uint8Array(8);
    view(name).setBigUint64(0, BigInt(number), true);
    const place = { bytes, seed: crc(name, crc(logId)) };
    yield* segmentRecords(place, first, segments[at + 1]?.first ?? Number.POSITIVE_INFINITY);
  }
}

/** First sequence that retention has kept, from the whole anchor slot with the highest counter. */
function firstSequenceOf(anchor: Uint8Array): number {
  let best = { counter: -1, firstSequence: 1 };
  for (const from of [0, 4096, 8192, 12288]) {
    const slot = anchor.subarray(from, from + 64);
    if (slot.length < 64 || view(slot).getUint32(0, true) !== 0x484e4157) continue;
    if (view(slot).getUint32(60, true) !== crc(slot.subarray(0, 60))) continue;
    const counter = u64(slot, 24);
    if (counter > best.counter) best = { counter, firstSequence: u64(slot, 48) };
  }
  return best.firstSequence;
}
