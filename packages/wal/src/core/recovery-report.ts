import type { Damage } from './damage.js';
import type { RecoveryMode } from './recovery-decision.js';

/** What was cut off, moved or noted by recovery. */
export interface RecoveryRepair {
  readonly kind: 'tail-truncated' | 'tail-fenced' | 'rewound' | 'noted';
  readonly file: string;
  readonly offset: number;
  readonly bytes: number;
  /** Where a copy of the removed bytes lies, below the log's directory; absent when nothing was removed. */
  readonly savedAs?: string;
}

/** What opening found and did. Plain data; the same shape for `wal verify`. */
export interface RecoveryReport {
  readonly mode: RecoveryMode;
  /** Lower-case hex; empty for a log that does not exist yet. */
  readonly logId: string;
  readonly segments: number;
  readonly bytesScanned: number;
  /** Whole records, and the range they span; `lastSequence` is 0 for an empty log. */
  readonly records: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Every record up to here is certain to have been acknowledged, or was settled by a noted loss. */
  readonly acknowledgedThrough: number;
  /** Every damaged place in log order, those already noted in the scars file included. */
  readonly damages: readonly Damage[];
  /** Acknowledged records that are gone and had not been noted before. */
  readonly lostAcknowledged: number;
  /** Bytes after the last acknowledged record that were never whole records. */
  readonly tornBytes: number;
  readonly repairs: readonly RecoveryRepair[];
  readonly durationMs: number;
}
