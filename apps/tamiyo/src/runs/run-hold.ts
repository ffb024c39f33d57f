/** An operator's hold on a run: while it lasts the run gets no command. Plain data, part of the run's state. */
export interface RunHold {
  readonly who: string;
  readonly why: string;
  /** Wall times, milliseconds since 1970. `untilMs` is `null` until somebody releases the run. */
  readonly sinceMs: number;
  readonly untilMs: number | null;
}

/** The hold, while it is in force at `wallMs`. */
export const holdInForce = (hold: RunHold | null, wallMs: number): RunHold | undefined =>
  hold !== null && (hold.untilMs === null || wallMs < hold.untilMs) ? hold : undefined;
