/** Gives a turn back; more than once is once. */
export type LeaveTurn = () => void;

/**
 * So many decisions are between looking at their packet and the network's answer at once; the others wait, in the order in which
 * they came. A burst then waits here, under the deadline of its decisions, and not at the network under the much shorter one of
 * inference; and what runs on the event loop in one go stays small enough for answers to be read in time.
 */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #free: number;

  /** `max`: turns taken at once, at least 1. */
  constructor(max: number) {
    if (!(Number.isSafeInteger(max) && max >= 1)) throw new RangeError(`max must be a whole number from 1, got ${max}`);
    this.#free = max;
  }

  /** Decisions that wait for a turn. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Resolves with the turn when it has come. */
  take(): Promise<LeaveTurn> {
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve(this.#leaver());
    }
    return new Promise((resolve) => this.#waiting.add(() => resolve(this.#leaver())));
  }

  #leaver(): LeaveTurn {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#passOn();
    };
  }

  /** The turn goes to whoever waits longest. */
  #passOn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
