import { invariant, type MonoClock, type MonoMs, monoMs, type UnixMs, unixMs, type WallClock } from '@esper/std';

/** One reading of both clocks, as it stands in a record: wall time (milliseconds since 1970), monotonic milliseconds. */
export type Moment = readonly [wallMs: number, monoMs: number];

/** A reading as the risk engine takes it. */
export interface Instant {
  readonly wallMs: UnixMs;
  readonly monoMs: MonoMs;
}

/** Where a decision gets the moments that its outcome depends on, and which it got, in order. */
export interface MomentSource {
  next(): Instant;
  readonly taken: readonly Moment[];
}

/** Reads both clocks, and remembers what they said: with that the decision can be made again to the bit. */
export class ReadMoments implements MomentSource {
  readonly taken: Moment[] = [];
  readonly #clock: WallClock & MonoClock;

  constructor(clock: WallClock & MonoClock) {
    this.#clock = clock;
  }

  next(): Instant {
    const instant = { wallMs: this.#clock.wallMs(), monoMs: this.#clock.monoMs() };
    this.taken.push([instant.wallMs, instant.monoMs]);
    return instant;
  }
}

/** Gives again what was read when the decision was made. */
export class RecordedMoments implements MomentSource {
  readonly taken: readonly Moment[];
  #given = 0;

  constructor(taken: readonly Moment[]) {
    this.taken = taken;
  }

  next(): Instant {
    const moment = this.taken[this.#given];
    invariant(moment !== undefined, `the record has ${this.taken.length} moments, and one more is asked for`);
    this.#given += 1;
    return instantOf(moment);
  }
}

/** A recorded moment as the risk engine takes it. */
export const instantOf = ([wall, mono]: Moment): Instant => ({ wallMs: unixMs(wall), monoMs: monoMs(mono) });
