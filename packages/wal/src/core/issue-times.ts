/** What retention needs to know about the issue times in one segment. Kept up to date by each append; O(1). */
export interface IssueTimes {
  /** Earliest and latest issue time in milliseconds since 1970; 0 while the segment holds no stamped record. */
  readonly earliestMs: number;
  readonly latestMs: number;
  /** Records without an issue time, and the first of them (0 when none). */
  readonly unstamped: number;
  readonly firstUnstamped: number;
}

export const NO_ISSUE_TIMES: IssueTimes = Object.freeze({
  earliestMs: 0,
  latestMs: 0,
  unstamped: 0,
  firstUnstamped: 0,
});

/** `times` with a batch of records, the first of which has the sequence `first`. Allocates once. */
export function withIssueTimes(
  times: IssueTimes,
  first: number,
  records: readonly { readonly issuedAtMs: number }[],
): IssueTimes {
  let { earliestMs, latestMs, unstamped, firstUnstamped } = times;
  let sequence = first;
  for (const { issuedAtMs } of records) {
    if (issuedAtMs === 0) {
      if (unstamped === 0) firstUnstamped = sequence;
      unstamped += 1;
    } else {
      earliestMs = earliestMs === 0 ? issuedAtMs : Math.min(earliestMs, issuedAtMs);
      latestMs = Math.max(latestMs, issuedAtMs);
    }
    sequence += 1;
  }
  return { earliestMs, latestMs, unstamped, firstUnstamped };
}

/** `times` with one more record. `issuedAtMs` 0 means that none was given. */
export const withIssueTime = (times: IssueTimes, sequence: number, issuedAtMs: number): IssueTimes =>
  withIssueTimes(times, sequence, [{ issuedAtMs }]);
