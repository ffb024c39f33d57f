import type { WalEventName, WalObserver } from '../core/events.js';
import type { IssueTimes } from '../core/issue-times.js';
import type { SegmentId } from '../core/segment-name.js';
import type { SequenceRange } from '../core/sequence-ranges.js';
import type { ResolvedWalOptions } from '../options.js';
import type { Disk, WalClock } from '../ports.js';

/** One segment of an open log. */
export interface LiveSegment extends SegmentId {
  readonly name: string;
  /** Chain value before its first record; `undefined` when its header is gone. */
  readonly chainBefore: number | undefined;
  /** Committed bytes; what lies beyond is no part of the log. */
  endOffset: number;
  /** Last sequence in it; `firstSequence - 1` while it is empty. */
  lastSequence: number;
  issueTimes: IssueTimes;
  /** What opening found to be lost in it (an empty range: a doubtful place). With any, it is never rewritten. */
  readonly losses: readonly SequenceRange[];
  /** The disk refused to read a part of it when the log was opened; what lies there may be whole. */
  readonly unreadable: boolean;
}

/** What an open log is made of. Owned by the writer; the reader and retention look at it. */
export interface LogState {
  readonly disk: Disk;
  readonly directory: string;
  readonly clock: WalClock;
  readonly options: ResolvedWalOptions;
  readonly logId: Uint8Array;
  /** Oldest first, never empty; the last one is being written. */
  segments: LiveSegment[];
  /** First sequence that is retained. */
  firstSequence: number;
  readonly tell: (name: WalEventName, attributes: Readonly<Record<string, string | number | boolean>>) => void;
  readonly counters: Counters;
}

/** Running totals behind the stats. */
export interface Counters {
  appendedTotal: number;
  appendedBytesTotal: number;
  commitsTotal: number;
  syncsTotal: number;
  syncLastMs: number;
  syncMaxMs: number;
  rejectedTotal: number;
  acknowledgedNotDurableTotal: number;
  segmentsPoisonedTotal: number;
  noteFailuresTotal: number;
  observerFailuresTotal: number;
}

export const newCounters = (): Counters => ({
  appendedTotal: 0,
  appendedBytesTotal: 0,
  commitsTotal: 0,
  syncsTotal: 0,
  syncLastMs: 0,
  syncMaxMs: 0,
  rejectedTotal: 0,
  acknowledgedNotDurableTotal: 0,
  segmentsPoisonedTotal: 0,
  noteFailuresTotal: 0,
  observerFailuresTotal: 0,
});

/** An observer that cannot hurt: what it throws is counted. */
export function guardedTell(observe: WalObserver | undefined, counters: Counters): LogState['tell'] {
  return (name, attributes) => {
    try {
      observe?.({ name, attributes });
    } catch {
      counters.observerFailuresTotal += 1;
    }
  };
}
