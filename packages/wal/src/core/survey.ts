import type { AnchorReading } from './anchor.js';
import type { Damage } from './damage.js';
import type { IssueTimes } from './issue-times.js';
import type { Scar } from './scar.js';
import type { SegmentId } from './segment-name.js';
import type { DamageFinding } from './segment-scan.js';

/** What one segment file holds, as scanned. */
export interface SegmentSurvey extends SegmentId {
  readonly name: string;
  readonly fileBytes: number;
  /** False when neither copy of the header is whole. */
  readonly headerKnown: boolean;
  /** Chain value that the header gives for the record before this segment. */
  readonly chainBefore: number | undefined;
  readonly records: number;
  /** Sequence of the last whole record, 0 when there is none. */
  readonly lastRecord: number;
  /** Where the last whole record begins and ends; the end of the header when there is none. */
  readonly lastRecordOffset: number;
  readonly endOffset: number;
  /** Chain value after the last whole record; `undefined` when it is not known. */
  readonly chainEnd: number | undefined;
  /** Highest acknowledgement that a whole record carries. */
  readonly acknowledgedThrough: number;
  readonly issueTimes: IssueTimes;
  readonly damages: readonly DamageFinding[];
  /** Bytes after the fence: left behind by a failed write, no damage. */
  readonly supersededBytes: number;
}

/** A whole log as found on disk. */
export interface LogSurvey {
  /** 16 bytes; `undefined` when nothing of the log exists. */
  readonly logId: Uint8Array | undefined;
  readonly anchor: AnchorReading;
  readonly anchorThere: boolean;
  /** In log order, those before the anchor's first sequence excluded. */
  readonly segments: readonly SegmentSurvey[];
  /** Segments that retention had already given up. */
  readonly leftovers: readonly string[];
  /** Unfinished files. */
  readonly temporaries: readonly string[];
  readonly scars: readonly Scar[];
  /** Damage to bookkeeping: headers, anchor, scars. Costs no record. */
  readonly minor: readonly Damage[];
  readonly bytesScanned: number;
  /** Highest segment number in use. */
  readonly highestSegment: number;
}
