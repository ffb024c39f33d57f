import type { IssueTimes } from './issue-times.js';

/** What to give up. */
export interface RetentionRequest {
  /** Records issued before this are expired, in milliseconds since 1970; one issued exactly then is kept. */
  readonly cutoffMs: number;
  /** The time now; records issued later than this plus the tolerance are not believed. */
  readonly nowMs: number;
  /** How far in the future an issue time may lie, in ms. Default 5 minutes. */
  readonly futureToleranceMs?: number;
  /** Nothing from this sequence on is given up, however old. */
  readonly keepFromSequence?: number;
  /** Also rewrite the first segment that is only partly expired. Default false. */
  readonly partial?: boolean;
}

/** Why a record's issue time is not believed; `unreadable`: the disk refused to read it, and the next opening may read it. */
export type IssueTimeProblem = 'absent' | 'future' | 'unreadable';

/** A segment that retention keeps because of a record that it cannot date. */
export interface RetentionProblem {
  readonly file: string;
  readonly problem: IssueTimeProblem;
  /** How many records; 0 when that is not known. */
  readonly records: number;
  /** The first of them, or the latest issue time for `future`. */
  readonly firstSequence: number;
  readonly latestMs: number;
}

/** What retention did, or in shadow mode would have done. */
export interface RetentionReport {
  /** False in shadow mode or when rewriting is off. */
  readonly applied: boolean;
  readonly deletedSegments: readonly string[];
  readonly rewrittenSegments: readonly string[];
  readonly deletedRecords: number;
  readonly freedBytes: number;
  /** First sequence that is kept. */
  readonly firstSequence: number;
  /** Every segment with records that cannot be dated, not only those in the way. */
  readonly problems: readonly RetentionProblem[];
}

/** What the plan needs to know of a segment. */
export interface RetainableSegment {
  readonly name: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly issueTimes: IssueTimes;
  /** The disk refused to read a part of it, so it may hold records that nobody has dated. */
  readonly unreadable: boolean;
}

/** Default of `futureToleranceMs`. */
const FUTURE_TOLERANCE_MS = 5 * 60_000;

export interface RetentionPlan {
  /** How many of the oldest segments go. */
  readonly deleteCount: number;
  readonly problems: readonly RetentionProblem[];
}

/** Only a beginning of the log can go, only closed segments, and never one that holds a record without a good date. */
export function planRetention(segments: readonly RetainableSegment[], request: RetentionRequest): RetentionPlan {
  const latestBelievedMs = latestBelieved(request);
  const keepFrom = request.keepFromSequence ?? Number.POSITIVE_INFINITY;
  let deleteCount = 0;
  for (const segment of segments.slice(0, -1)) {
    const { issueTimes, lastSequence, unreadable } = segment;
    const dated = !unreadable && issueTimes.unstamped === 0 && issueTimes.latestMs <= latestBelievedMs;
    if (!dated || issueTimes.latestMs >= request.cutoffMs || lastSequence >= keepFrom) break;
    deleteCount += 1;
  }
  return { deleteCount, problems: segments.flatMap((segment) => problemsOf(segment, latestBelievedMs)) };
}

const latestBelieved = (request: RetentionRequest): number =>
  request.nowMs + (request.futureToleranceMs ?? FUTURE_TOLERANCE_MS);

/** Whether a single record may go: dated, believed, older than the cut-off, and not needed any more. */
export function isExpired(
  record: { readonly sequence: number; readonly issuedAtMs: number },
  request: RetentionRequest,
): boolean {
  const { sequence, issuedAtMs } = record;
  const dated = issuedAtMs > 0 && issuedAtMs <= latestBelieved(request);
  return dated && issuedAtMs < request.cutoffMs && sequence < (request.keepFromSequence ?? Number.POSITIVE_INFINITY);
}

function problemsOf(segment: RetainableSegment, latestBelievedMs: number): readonly RetentionProblem[] {
  const { unstamped, firstUnstamped, latestMs } = segment.issueTimes;
  const file = segment.name;
  const problems: RetentionProblem[] = [];
  if (unstamped > 0) {
    problems.push({ file, problem: 'absent', records: unstamped, firstSequence: firstUnstamped, latestMs });
  }
  if (segment.unreadable) {
    problems.push({ file, problem: 'unreadable', records: 0, firstSequence: segment.firstSequence, latestMs });
  }
  if (latestMs > latestBelievedMs) {
    problems.push({ file, problem: 'future', records: 0, firstSequence: segment.firstSequence, latestMs });
  }
  return problems;
}
