import type { Damage } from '../core/damage.js';
import { isSerious } from '../core/damage.js';
import { type FrameHeader, placementOf } from '../core/frame.js';
import { type DamageFinding, SegmentScanner } from '../core/segment-scan.js';
import { type SequenceRange, uncovered } from '../core/sequence-ranges.js';
import { WalError } from '../errors.js';
import type { Disk } from '../ports.js';
import { ioError } from './disk-io.js';
import { segmentFindings } from './segment-findings.js';

/** One record as it was appended. `payload` is the reader's own copy. */
export interface WalRecord {
  readonly sequence: number;
  readonly payload: Uint8Array;
  /** Wall time given with the record, in milliseconds since 1970; absent when none was given. */
  readonly issuedAtMs?: number;
}

export interface ReadOptions {
  /** First sequence wanted. Default: the oldest that is retained. */
  readonly fromSequence?: number;
  /**
   * Told of each damaged place; reading goes on behind it. Without it, damage that the recovery report has not already
   * told of ends the reading with `WAL_CORRUPT`.
   */
  readonly onDamage?: (damage: Damage) => void;
}

/** A segment to read, as far as `limitBytes`. */
export interface ReadableSegment {
  readonly name: string;
  readonly segment: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly fence: number | undefined;
  readonly limitBytes: number;
  readonly chainBefore: number | undefined;
  /** What opening has reported as lost in it. */
  readonly losses: readonly SequenceRange[];
}

export interface ReadableLog {
  readonly disk: Disk;
  readonly directory: string;
  readonly logId: Uint8Array;
  readonly readBytes: number;
  readonly segments: readonly ReadableSegment[];
}

/** Every whole record from `fromSequence` on, in order, checked again. Memory: one window, one record. */
export async function* readRecords(log: ReadableLog, options: ReadOptions = {}): AsyncGenerator<WalRecord> {
  const from = options.fromSequence ?? 0;
  for (const segment of log.segments) {
    if (segment.lastSequence < from) continue;
    yield* readSegment(log, segment, { ...options, fromSequence: from });
  }
}

async function* readSegment(
  log: ReadableLog,
  segment: ReadableSegment,
  options: ReadOptions,
): AsyncGenerator<WalRecord> {
  for await (const { header, payload } of readFrames(log, segment, options)) {
    const { sequence, issuedAtMs } = header;
    yield issuedAtMs === 0 ? { sequence, payload } : { sequence, payload, issuedAtMs };
  }
}

/** The whole frames of one segment from `fromSequence` on, with their headers; payloads are copies. */
export async function* readFrames(
  log: Omit<ReadableLog, 'segments'>,
  segment: ReadableSegment,
  options: ReadOptions,
): AsyncGenerator<{ readonly header: FrameHeader; readonly payload: Uint8Array }> {
  const from = options.fromSequence ?? 0;
  const scanner = new SegmentScanner({
    placement: placementOf(log.logId, segment.segment),
    firstSequence: segment.firstSequence,
    chainBefore: segment.chainBefore,
    fence: segment.fence,
    limitBytes: segment.limitBytes,
  });
  const file = await log.disk.open(`${log.directory}/${segment.name}`, 'read').catch((cause: unknown) => {
    throw ioError(`cannot read ${segment.name}`, cause);
  });
  try {
    const onUnreadable = () => undefined;
    const source = { file, scanner, limitBytes: segment.limitBytes, readBytes: log.readBytes, onUnreadable };
    for await (const findings of segmentFindings(source)) {
      for (const finding of findings) {
        if (finding.kind === 'damage') meetDamage(segment, finding, options);
        if (finding.kind !== 'record' || finding.header.sequence < from) continue;
        yield { header: finding.header, payload: finding.payload.slice() };
      }
    }
  } finally {
    await file.close();
  }
}

function meetDamage(segment: ReadableSegment, finding: DamageFinding, options: ReadOptions): void {
  const { cause, offset, bytes, firstSequence } = finding;
  const lastSequence = finding.lastSequence ?? segment.lastSequence;
  const range = { first: firstSequence, last: lastSequence };
  // A doubtful place without a loss of its own is known when opening found any.
  const known = segment.losses.length > 0 && uncovered(range, segment.losses).length === 0;
  const damage: Damage = {
    cause,
    file: segment.name,
    offset,
    bytes,
    firstSequence,
    lastSequence,
    acknowledged: true,
    known,
  };
  options.onDamage?.(damage);
  if (options.onDamage !== undefined || known || !isSerious(damage)) return;
  throw new WalError('WAL_CORRUPT', `${cause} in ${segment.name} at byte ${offset}, sequence ${firstSequence}`);
}
