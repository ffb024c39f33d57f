/** Totals since the host was created. */
export interface HostTally {
  readonly calls: number;
  readonly timeouts: number;
  /** Calls answered at once because no runtime could serve them. */
  readonly unavailable: number;
  /** Replies that came after their call had been answered, and were dropped. */
  readonly lateDropped: number;
  /** Answers that were ready in time, were read after the deadline, and counted: see `unreadMsMax`. */
  readonly readLate: number;
  readonly started: number;
  readonly startFailures: number;
  /** Runtimes ended by the host because a run was overdue. */
  readonly killedOverdue: number;
  /** Runtimes that ended although the host had not asked them to. */
  readonly unorderedDeaths: number;
}

/** What the runtimes do now. */
export interface HostCensus {
  readonly starting: number;
  readonly ready: number;
  readonly busy: number;
  /** Runs whose call has been answered already. */
  readonly overdue: number;
}

export type HostStats = HostTally & HostCensus;

export const NO_TALLY: HostTally = Object.freeze({
  calls: 0,
  timeouts: 0,
  unavailable: 0,
  lateDropped: 0,
  readLate: 0,
  started: 0,
  startFailures: 0,
  killedOverdue: 0,
  unorderedDeaths: 0,
});
