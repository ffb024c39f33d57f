import type { AdaptationCommand } from '@esper/leyline';
import { elapsedMs, type MonoMs, type UnixMs } from '@esper/std';
import type { Verified } from './verified.js';

/** When a command reached the executor, and now. */
export interface ExecutionTimes {
  readonly deliveredAt: MonoMs;
  readonly at: MonoMs;
  readonly now: UnixMs;
}

/**
 * Whether a verified command may still be executed: it has not expired, and its execution deadline, counted from
 * delivery by the monotonic clock, has not passed. The bounds themselves are in time. Ask right before executing.
 */
export function mayStillExecute(command: Verified<AdaptationCommand>, times: ExecutionTimes): boolean {
  if (times.now > command.expiresAtMs) return false;
  const { executionDeadlineMs } = command;
  return executionDeadlineMs === undefined || elapsedMs(times.deliveredAt, times.at) <= executionDeadlineMs;
}
