/** CRC-32C (Castagnoli), reflected polynomial 0x82F63B78, as in RFC 3720; eight tables, so eight bytes per step. */
const POLYNOMIAL = 0x82f63b78;
const TABLES = buildTables();

function buildTables(): readonly Int32Array[] {
  const tables = Array.from({ length: 8 }, () => new Int32Array(256));
  const [first] = tables as [Int32Array];
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ POLYNOMIAL;
    first[byte] = crc;
  }
  for (let slice = 1; slice < 8; slice += 1) {
    const from = tables[slice - 1] as Int32Array;
    const into = tables[slice] as Int32Array;
    for (let byte = 0; byte < 256; byte += 1) {
      const crc = from[byte] as number;
      into[byte] = (crc >>> 8) ^ (first[crc & 0xff] as number);
    }
  }
  return tables;
}

const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];

/** Words are read as the machine has them; the tables want little-endian ones. */
const WORDS_FIT = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
/** From this length on, reading whole words pays for the view that it needs. */
const WORDS_FROM_BYTES = 256;

/** The same bytes twice: one by one, and as aligned words. */
export interface WordMemory {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
}

/** Both views of `bytes`, which must begin on a multiple of four in its buffer. */
export const wordMemory = (bytes: Uint8Array): WordMemory => ({
  bytes,
  words: new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2),
});

/** The checksum of a span that begins on a multiple of four: two words per step. Allocates nothing. */
export function crc32cOfWords(memory: WordMemory, seed: number, span: Span): number {
  if (!WORDS_FIT) return crc32c(memory.bytes, seed, span);
  const { bytes, words } = memory;
  const { from, to } = span;
  const end = (from >> 2) + ((to - from) >> 3) * 2;
  let crc = ~seed;
  for (let at = from >> 2; at < end; at += 2) {
    const low = crc ^ (words[at] as number);
    const high = words[at + 1] as number;
    crc =
      (T7[low & 0xff] as number) ^
      (T6[(low >>> 8) & 0xff] as number) ^
      (T5[(low >>> 16) & 0xff] as number) ^
      (T4[low >>> 24] as number) ^
      (T3[high & 0xff] as number) ^
      (T2[(high >>> 8) & 0xff] as number) ^
      (T1[(high >>> 16) & 0xff] as number) ^
      (T0[high >>> 24] as number);
  }
  for (let at = end * 4; at < to; at += 1) {
    crc = (crc >>> 8) ^ (T0[(crc ^ (bytes[at] as number)) & 0xff] as number);
  }
  return ~crc >>> 0;
}

/** A part of an array: from `from` to before `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The checksum of `bytes`, or of a span of them, an unsigned 32-bit number. `seed` is the checksum of what came before, so
 * `crc32c(b, crc32c(a))` is the checksum of `a` followed by `b`.
 */
export function crc32c(bytes: Uint8Array, seed = 0, span?: Span): number {
  if (span === undefined && bytes.length >= WORDS_FROM_BYTES && WORDS_FIT && bytes.byteOffset % 4 === 0) {
    return crc32cOfWords(wordMemory(bytes), seed, { from: 0, to: bytes.length });
  }
  const to = span === undefined ? bytes.length : span.to;
  let crc = ~seed;
  let at = span === undefined ? 0 : span.from;
  const bulkEnd = to - 7;
  while (at < bulkEnd) {
    const low =
      crc ^
      ((bytes[at] as number) |
        ((bytes[at + 1] as number) << 8) |
        ((bytes[at + 2] as number) << 16) |
        ((bytes[at + 3] as number) << 24));
    crc =
      (T7[low & 0xff] as number) ^
      (T6[(low >>> 8) & 0xff] as number) ^
      (T5[(low >>> 16) & 0xff] as number) ^
      (T4[low >>> 24] as number) ^
      (T3[bytes[at + 4] as number] as number) ^
      (T2[bytes[at + 5] as number] as number) ^
      (T1[bytes[at + 6] as number] as number) ^
      (T0[bytes[at + 7] as number] as number);
    at += 8;
  }
  while (at < to) {
    crc = (crc >>> 8) ^ (T0[(crc ^ (bytes[at] as number)) & 0xff] as number);
    at += 1;
  }
  return ~crc >>> 0;
}
