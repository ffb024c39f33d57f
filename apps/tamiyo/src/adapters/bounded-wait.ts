import type { Timers } from '../decision/deadline.js';

/** A wait that is over after a time, or as soon as there is enough of what is waited for. */
export class BoundedWait {
  readonly over: Promise<void>;
  #end: () => void = () => undefined;

  constructor(withinMs: number, timers: Timers) {
    this.over = new Promise((resolve) => {
      const callOff = timers.after(withinMs, resolve);
      this.#end = () => {
        callOff();
        resolve();
      };
    });
  }

  /** Ends it now. Idempotent. */
  end(): void {
    this.#end();
  }
}
