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

/** `times` with one more record. `issuedAtMs` 0 means that none was given. */
export function withIssueTime(times: IssueTimes, sequence: number, issuedAtMs: number): IssueTimes {
  if (issuedAtMs === 0) {
    const firstUnstamped = times.unstamped === 0 ? sequence : times.firstUnstamped;
    return { ...times, unstamped: times.unstamped + 1, firstUnstamped };
  }
  const earliestMs = times.earliestMs === 0 ? issuedAtMs : Math.min(times.earliestMs, issuedAtMs);
  return { ...times, earliestMs, latestMs: Math.max(times.latestMs, issuedAtMs) };
}
