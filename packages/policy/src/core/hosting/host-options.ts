/** Bounds of an inference host. What happens at each bound stands beside it. */
export interface HostOptions {
  /** Loaded and warm runtimes beside the first; they take over when one is lost, and serve concurrent calls. Default 1. */
  readonly standbyCount?: number;
  /** Calls that wait for a runtime that is busy and in time. Default 16. At the bound: `inference_unavailable`. */
  readonly queueMax?: number;
  /**
   * How long a run that is overdue may go on before its process is killed, in milliseconds: one that only got no core comes
   * back and serves on. Default 100; 0 kills at the deadline. A thread is never killed.
   */
  readonly overdueMsMax?: number;
  /**
   * How long an answer that was ready within its deadline may have lain unread, because the caller's event loop was held, and
   * still count, in milliseconds; a call that waited behind such an answer gets as much more. Default 0: what is read late is late.
   * `totalMs` says when it was read.
   */
  readonly unreadMsMax?: number;
  /** Longest from start to warm, in milliseconds. Default 20,000. At the bound: stopped, and started again later. */
  readonly startTimeoutMs?: number;
  /** First pause before a runtime that died or failed to start is started again; doubles up to the next. Default 100. */
  readonly restartDelayMs?: number;
  /** Longest such pause, in milliseconds. Default 10,000. */
  readonly restartDelayMsMax?: number;
  /** Longest that `close` waits for runtimes to end, in milliseconds. Default 5,000. */
  readonly closeTimeoutMs?: number;
}

/** Options after {@link resolveHostOptions}: complete, checked and frozen. */
export type ResolvedHostOptions = Readonly<Required<HostOptions>>;

export const HOST_DEFAULTS: ResolvedHostOptions = Object.freeze({
  standbyCount: 1,
  queueMax: 16,
  overdueMsMax: 100,
  unreadMsMax: 0,
  startTimeoutMs: 20_000,
  restartDelayMs: 100,
  restartDelayMsMax: 10_000,
  closeTimeoutMs: 5000,
});

const RANGES: Readonly<Record<keyof HostOptions, { readonly max: number; readonly whole: boolean }>> = {
  standbyCount: { max: 15, whole: true },
  queueMax: { max: 65_536, whole: true },
  overdueMsMax: { max: 600_000, whole: false },
  unreadMsMax: { max: 600_000, whole: false },
  startTimeoutMs: { max: 600_000, whole: false },
  restartDelayMs: { max: 600_000, whole: false },
  restartDelayMsMax: { max: 600_000, whole: false },
  closeTimeoutMs: { max: 600_000, whole: false },
};

/** Fills in defaults and checks every field. Throws `RangeError` with the field, its range and its value. */
export function resolveHostOptions(given: HostOptions = {}): ResolvedHostOptions {
  const resolved = { ...HOST_DEFAULTS };
  for (const name of Object.keys(RANGES) as (keyof HostOptions)[]) {
    const { max, whole } = RANGES[name];
    const value = given[name] ?? HOST_DEFAULTS[name];
    if (!(value >= 0 && value <= max && (!whole || Number.isInteger(value)))) {
      throw new RangeError(`${name} must be ${whole ? 'a whole number ' : ''}between 0 and ${max}, got ${value}`);
    }
    resolved[name] = value;
  }
  return Object.freeze(resolved);
}

/** How long to wait before starting again after `failureCount` failures in a row; 0 after none. */
export function restartPauseMs(
  failureCount: number,
  limits: Pick<ResolvedHostOptions, 'restartDelayMs' | 'restartDelayMsMax'>,
): number {
  if (failureCount === 0) return 0;
  return Math.min(limits.restartDelayMsMax, limits.restartDelayMs * 2 ** Math.min(failureCount - 1, 30));
}
