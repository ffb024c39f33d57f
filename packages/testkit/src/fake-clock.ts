import { type MonoClock, type MonoMs, monoMs, type UnixMs, unixMs, type WallClock } from '@esper/std';

/** Both clocks under the test's hand. Starts at `wallMs` and monotonic 0. */
export class FakeClock implements WallClock, MonoClock {
  #wallMs: number;
  #monoMs = 0;

  constructor(wallMs = 1_700_000_000_000) {
    this.#wallMs = wallMs;
  }

  wallMs(): UnixMs {
    return unixMs(Math.floor(this.#wallMs));
  }

  monoMs(): MonoMs {
    return monoMs(this.#monoMs);
  }

  /** Time passes, on both clocks. */
  advance(ms: number): void {
    this.#wallMs += ms;
    this.#monoMs += ms;
  }

  /** What an operator or NTP does: the date moves, elapsed time does not. */
  jumpWall(ms: number): void {
    this.#wallMs += ms;
  }
}
