import { invariant, type MonoMs, type UnixMs } from '@esper/std';

/** When something was observed, on both clocks of the host. */
export interface Instant {
  readonly wallMs: UnixMs;
  readonly monoMs: MonoMs;
}

/**
 * Time as the risk engine counts it: milliseconds that surely passed while somebody was watching. It survives restarts
 * as a value. Plain data.
 */
export interface EngineClock {
  /** Milliseconds counted so far. Never falls. */
  readonly elapsedMs: number;
  /** The last monotonic reading. */
  readonly monoMs: number;
  /** Wall minus monotonic time when the two were last set against each other. */
  readonly offsetMs: number;
}

/** How far wall and monotonic time may drift apart before one of them counts as stepped, in milliseconds. */
const STEP_TOLERANCE_MS = 1000;

/** A clock that has counted nothing yet. */
export function startClock(at: Instant): EngineClock {
  checkInstant(at);
  return { elapsedMs: 0, monoMs: at.monoMs, offsetMs: at.wallMs - at.monoMs };
}

/**
 * The clock moved on to `at`. While both clocks agree, monotonic time is counted. When they disagree (the date was set,
 * or the process restarted and monotonic time has a new zero) only what *both* say has passed is counted, and at least
 * nothing: whatever happens to either clock, a dwell can grow longer by it, never shorter.
 */
export function advanceClock(clock: EngineClock, at: Instant): EngineClock {
  checkInstant(at);
  const offsetMs = at.wallMs - at.monoMs;
  const monoPassedMs = at.monoMs - clock.monoMs;
  if (Math.abs(offsetMs - clock.offsetMs) <= STEP_TOLERANCE_MS) {
    return { elapsedMs: clock.elapsedMs + Math.max(0, monoPassedMs), monoMs: at.monoMs, offsetMs: clock.offsetMs };
  }
  const wallPassedMs = at.wallMs - (clock.monoMs + clock.offsetMs);
  const countedMs = Math.max(0, Math.min(monoPassedMs, wallPassedMs));
  return { elapsedMs: clock.elapsedMs + countedMs, monoMs: at.monoMs, offsetMs };
}

function checkInstant(at: Instant): void {
  invariant(Number.isFinite(at.wallMs), () => `wall time is no number: ${at.wallMs}`);
  invariant(Number.isFinite(at.monoMs), () => `monotonic time is no number: ${at.monoMs}`);
}
