import { invariant } from '@esper/std';
import type { Finding, SegmentScanner } from '../core/segment-scan.js';
import { viewOf } from '../core/u64.js';
import type { DiskFile } from '../ports.js';
import { diskCode, readFully } from './disk-io.js';

export interface FindingsSource {
  readonly file: DiskFile;
  readonly scanner: SegmentScanner;
  /** Where reading ends. */
  readonly limitBytes: number;
  /** Size of the read buffer; it grows only for a single record that is longer. */
  readonly readBytes: number;
  /** Told of each piece that the disk refused to read; the piece is scanned as zeros. */
  readonly onUnreadable?: (offset: number, bytes: number) => void;
}

/** Smallest piece in which a part of a file that fails to read is tried again. */
const PIECE_BYTES = 4096;

/**
 * Everything the scanner finds, one array per window. Payloads are views of a buffer that the next window overwrites:
 * use or copy them before asking for more.
 */
export async function* segmentFindings(source: FindingsSource): AsyncGenerator<readonly Finding[]> {
  const { scanner, limitBytes } = source;
  let buffer = new Uint8Array(Math.max(1, Math.min(source.readBytes, limitBytes - scanner.offset)));
  let last = false;
  while (!last) {
    const base = scanner.offset;
    const wanted = Math.min(Math.max(scanner.neededBytes, source.readBytes), limitBytes - base);
    if (wanted > buffer.length) buffer = new Uint8Array(wanted);
    const bytes = buffer.subarray(0, Math.max(0, wanted));
    await readPieces(source, bytes, base);
    last = base + bytes.length >= limitBytes;
    yield scanner.scan({ bytes, view: viewOf(bytes), base });
    invariant(last || scanner.offset > base || scanner.neededBytes > bytes.length, 'the scan stands still');
    if (scanner.offset >= limitBytes) last = true;
  }
}

/** Fills `bytes`. What cannot be read, or is not there, becomes zeros: damage like any other, and reported. */
async function readPieces(source: FindingsSource, bytes: Uint8Array, base: number): Promise<void> {
  try {
    const got = await readFully(source.file, bytes, base);
    bytes.fill(0, got);
  } catch (error) {
    if (diskCode(error) !== 'EIO' || source.onUnreadable === undefined) throw error;
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      try {
        piece.fill(0, await readFully(source.file, piece, base + at));
      } catch (again) {
        if (diskCode(again) !== 'EIO') throw again;
        piece.fill(0);
        source.onUnreadable(base + at, piece.length);
      }
    }
  }
}
