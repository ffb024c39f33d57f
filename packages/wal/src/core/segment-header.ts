import { crc32c } from './crc32c.js';
import type { SegmentId } from './segment-name.js';
import { getU64, setU64, viewOf } from './u64.js';

/** Version of the format that this code writes. */
const FORMAT_VERSION = 1;
/** Two copies of the header, each in a sector of its own; the first frame starts here. */
export const SEGMENT_HEADER_BYTES = 1024;
/** A log's identity: random bytes, the same in all its files. */
export const LOG_ID_BYTES = 16;

const COPY_STRIDE_BYTES = 512;
const COPY_BYTES = 64;
const MAGIC = Uint8Array.from([0x89, 0x45, 0x57, 0x41, 0x4c, 0x0d, 0x0a, 0x1a]); // 0x89 "EWAL" CR LF ^Z

export interface SegmentHeader extends SegmentId {
  readonly logId: Uint8Array;
  /** Chain value of the last record before this segment; 0 at the beginning of the log. */
  readonly chainBefore: number;
  /** Wall time, milliseconds since 1970. For people; nothing depends on it. */
  readonly createdAtMs: number;
}

/** The first {@link SEGMENT_HEADER_BYTES} bytes of a segment file. */
export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = viewOf(bytes);
  bytes.set(MAGIC, 0);
  view.setUint16(8, FORMAT_VERSION, true);
  view.setUint16(10, SEGMENT_HEADER_BYTES, true);
  bytes.set(header.logId, 12);
  setU64(view, 28, header.segment);
  setU64(view, 36, header.firstSequence);
  setU64(view, 44, header.createdAtMs);
  view.setUint32(52, header.chainBefore, true);
  view.setUint32(COPY_BYTES - 4, crc32c(bytes, 0, { from: 0, to: COPY_BYTES - 4 }), true);
  bytes.copyWithin(COPY_STRIDE_BYTES, 0, COPY_BYTES);
  return bytes;
}

/** What the header area says: the header if at least one copy is whole, and how many copies are damaged. */
export interface SegmentHeaderReading {
  readonly header: SegmentHeader | undefined;
  readonly damagedCopies: number;
  /** Set when a whole copy names a version that this code does not know. */
  readonly unknownVersion: number | undefined;
}

/** Reads both copies. `bytes` may be shorter than the header area. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeaderReading {
  const copies = [0, COPY_STRIDE_BYTES].map((at) => decodeCopy(bytes.subarray(at, at + COPY_BYTES)));
  const whole = copies.filter((copy) => copy !== undefined);
  const known = whole.filter((copy) => copy.version === FORMAT_VERSION);
  const foreign = whole.find((copy) => copy.version !== FORMAT_VERSION);
  return {
    header: known[0]?.header,
    damagedCopies: copies.length - whole.length,
    unknownVersion: known.length === 0 ? foreign?.version : undefined,
  };
}

function decodeCopy(bytes: Uint8Array): { readonly version: number; readonly header: SegmentHeader } | undefined {
  if (bytes.length < COPY_BYTES || MAGIC.some((byte, at) => bytes[at] !== byte)) return undefined;
  const view = viewOf(bytes);
  if (crc32c(bytes, 0, { from: 0, to: COPY_BYTES - 4 }) !== view.getUint32(COPY_BYTES - 4, true)) return undefined;
  return {
    version: view.getUint16(8, true),
    header: {
      logId: bytes.slice(12, 12 + LOG_ID_BYTES),
      segment: getU64(view, 28),
      firstSequence: getU64(view, 36),
      createdAtMs: getU64(view, 44),
      chainBefore: view.getUint32(52, true),
    },
  };
}
