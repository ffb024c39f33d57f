/** An operator's hold on conservative mode. */
export interface OperatorHold {
  readonly who: string;
  readonly why: string;
  /** When it was set: engine time and wall time, in milliseconds. */
  readonly setMs: number;
  readonly setWallMs: number;
  /** Wall time at which it ends; `null` until somebody clears it. */
  readonly untilMs: number | null;
}

/** Conservative mode. Plain data. Times ending in `Ms` without `Wall` are engine time. */
export type ModeState =
  | { readonly kind: 'off' }
  | {
      readonly kind: 'on';
      /** The latest trigger. */
      readonly reason: string;
      readonly enteredMs: number;
      readonly enteredWallMs: number;
      /** When the latest trigger fired: the dwell counts from here. */
      readonly triggeredMs: number;
      /** Consecutive decisions without any finding. */
      readonly goodDecisions: number;
      /** Decisions since the latest trigger. */
      readonly decisions: number;
      /** False when only an operator wanted it. */
      readonly automatic: boolean;
      readonly hold: OperatorHold | null;
    };

/** The mode, on. */
export type ModeOn = Extract<ModeState, { kind: 'on' }>;

export const MODE_OFF: ModeState = Object.freeze({ kind: 'off' });

/** A moment in engine time, and the date that goes with it. */
export interface Moment {
  readonly elapsedMs: number;
  readonly wallMs: number;
}

/** A trigger fires: enters at once, or refreshes the reason and starts the count and the dwell again (CM-01, CM-02). */
export function triggerMode(mode: ModeState, reason: string, moment: Moment): ModeOn {
  const fresh = { reason, triggeredMs: moment.elapsedMs, goodDecisions: 0, decisions: 0, automatic: true } as const;
  if (mode.kind === 'on') return { ...mode, ...fresh };
  return { kind: 'on', ...fresh, enteredMs: moment.elapsedMs, enteredWallMs: moment.wallMs, hold: null };
}

/** One decision went by without a trigger; `good` says that nothing at all was found. */
export const countDecision = (mode: ModeOn, good: boolean): ModeOn => ({
  ...mode,
  goodDecisions: good ? mode.goodDecisions + 1 : 0,
  decisions: mode.decisions + 1,
});

/** What still keeps the mode on; empty when it may end. */
export interface ModeRemainder {
  readonly goodDecisions: number;
  readonly dwellMs: number;
  readonly dwellDecisions: number;
  readonly openBreakers: readonly string[];
  readonly held: boolean;
}

/** What an end of the mode is still waiting for (CM-05, CM-06). */
export function remainderOf(
  mode: ModeOn,
  limits: { readonly goodDecisionsMin: number; readonly dwellMs: number; readonly dwellDecisions: number },
  now: { readonly elapsedMs: number; readonly openBreakers: readonly string[] },
): ModeRemainder {
  return {
    goodDecisions: Math.max(0, limits.goodDecisionsMin - mode.goodDecisions),
    dwellMs: Math.max(0, limits.dwellMs - (now.elapsedMs - mode.triggeredMs)),
    dwellDecisions: Math.max(0, limits.dwellDecisions - mode.decisions),
    openBreakers: now.openBreakers,
    held: mode.hold !== null,
  };
}

/** True when nothing is left to wait for. */
export const mayExit = (left: ModeRemainder): boolean =>
  left.goodDecisions === 0 &&
  left.dwellMs === 0 &&
  left.dwellDecisions === 0 &&
  left.openBreakers.length === 0 &&
  !left.held;

/**
 * A hold is over when the date says so *and* as much time was watched as it was meant to last: a date that is set forward
 * does not end it early. A restart can make it last longer, by the time nobody watched.
 */
export function holdExpired(hold: OperatorHold, now: Moment): boolean {
  if (hold.untilMs === null || now.wallMs < hold.untilMs) return false;
  return now.elapsedMs - hold.setMs >= hold.untilMs - hold.setWallMs;
}
