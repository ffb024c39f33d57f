import type { TrainerEvent } from './trainer-event.js';

const MINUTE_MS = 60_000;

/** CRITICAL events told in the last minute, by when, and those that were not told. */
export interface EmergencyCap {
  readonly toldAtMs: readonly number[];
  readonly suppressedTotal: number;
  /** Not told since the last one that was. */
  readonly suppressedSince: number;
}

export const OPEN_CAP: EmergencyCap = { toldAtMs: [], suppressedTotal: 0, suppressedSince: 0 };

/**
 * Lets an event through, or counts it. CRITICAL events go past every queue, so their rate is capped; the first that is told
 * after some were not says how many. A halt is always told: it is the one that nobody may miss.
 */
export function throughCap(
  cap: EmergencyCap,
  event: TrainerEvent,
  at: { readonly nowMs: number; readonly perMinuteMax: number },
): { readonly cap: EmergencyCap; readonly told: TrainerEvent | undefined } {
  if (event.level !== 'CRITICAL' || event.name === 'tolaria.emergency.halt') return { cap, told: event };
  const recent = cap.toldAtMs.filter((toldAt) => at.nowMs - toldAt < MINUTE_MS);
  if (recent.length >= at.perMinuteMax) {
    const suppressedSince = cap.suppressedSince + 1;
    return {
      cap: { toldAtMs: recent, suppressedTotal: cap.suppressedTotal + 1, suppressedSince },
      told: undefined,
    };
  }
  const since = cap.suppressedSince;
  const told =
    since === 0 ? event : { ...event, attributes: { ...event.attributes, suppressed_before: String(since) } };
  return { cap: { ...cap, toldAtMs: [...recent, at.nowMs], suppressedSince: 0 }, told };
}
