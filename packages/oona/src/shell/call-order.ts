/**
 * Lets work run at the same time and its effects happen in the order in which it was asked for. A durable append may
 * take its place in a group commit while what follows from it waits for what was asked for before.
 */
export class CallOrder {
  #last: Promise<unknown> = Promise.resolve();

  /** Starts nothing; when `work` and everything entered before are settled, `effect` runs and its result is returned. */
  enter<T, R>(work: Promise<T>, effect: (outcome: PromiseSettledResult<T>) => R): Promise<R> {
    const settled = Promise.allSettled([work]);
    const turn = this.#last.then(async () => {
      const [outcome] = await settled;
      return effect(outcome);
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when everything entered so far has had its effect. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
