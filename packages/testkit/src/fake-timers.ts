import type { FakeClock } from './fake-clock.js';

interface Timer {
  readonly id: number;
  readonly dueAtMs: number;
  readonly run: () => void;
}

/**
 * One-shot timers driven by a {@link FakeClock}: nothing fires until the test lets time pass. `after` answers with a
 * function that cancels. Timers due at the same moment fire in the order they were set.
 */
export class FakeTimers {
  readonly #clock: FakeClock;
  #timers: Timer[] = [];
  #nextId = 0;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  /** Timers that are set and have not fired. */
  get pending(): number {
    return this.#timers.length;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { id: this.#nextId, dueAtMs: this.#clock.monoMs() + Math.max(0, delayMs), run };
    this.#nextId += 1;
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Lets `ms` pass, firing each timer at its own moment, and gives promises a chance to settle after each. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#clock.monoMs() + ms;
    for (let timer = this.#due(untilMs); timer !== undefined; timer = this.#due(untilMs)) {
      this.#clock.advance(Math.max(0, timer.dueAtMs - this.#clock.monoMs()));
      const fired = timer;
      this.#timers = this.#timers.filter((other) => other !== fired);
      fired.run();
      await settle();
    }
    this.#clock.advance(untilMs - this.#clock.monoMs());
    await settle();
  }

  /** Lets time pass in steps of `stepMs` until `isTrue`; throws after `stepsMax` steps. */
  async advanceUntil(isTrue: () => boolean, stepMs = 1, stepsMax = 100_000): Promise<void> {
    for (let step = 0; !isTrue(); step += 1) {
      if (step === stepsMax) throw new Error(`still not true after ${stepsMax} steps of ${stepMs} ms`);
      await this.advance(stepMs);
    }
  }

  #due(untilMs: number): Timer | undefined {
    return this.#timers
      .filter(({ dueAtMs }) => dueAtMs <= untilMs)
      .sort((a, b) => a.dueAtMs - b.dueAtMs || a.id - b.id)[0];
  }
}

/** Lets everything that is ready to run, run: promise chains of any length, and I/O callbacks that are due. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
