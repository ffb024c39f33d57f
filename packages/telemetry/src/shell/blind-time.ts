import { elapsedMs, type MonoClock, type MonoMs } from '@esper/std';

/** Adds up the time in which something was sent and nothing was taken. */
export class BlindTime {
  readonly #clock: MonoClock;
  #totalMs = 0;
  #since: MonoMs | undefined;

  constructor(clock: MonoClock) {
    this.#clock = clock;
  }

  /** A message was handed over. */
  sending(): void {
    this.#since ??= this.#clock.monoMs();
  }

  /** A message was taken; `isMoreUnderWay` starts the next stretch at once. */
  delivered(isMoreUnderWay: boolean): void {
    this.#totalMs = this.totalMs();
    this.#since = isMoreUnderWay ? this.#clock.monoMs() : undefined;
  }

  totalMs(): number {
    return this.#totalMs + (this.#since === undefined ? 0 : elapsedMs(this.#since, this.#clock.monoMs()));
  }
}
