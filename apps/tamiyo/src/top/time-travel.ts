import type { TopEvent } from './top-event.js';
import { TopTally, type TopView } from './top-tally.js';

/** Events of a log that can be gone back to. Beyond, the oldest are forgotten. */
const EVENTS_MAX = 200_000;
const PAGE = 100;

export type Move = 'back' | 'on' | 'page_back' | 'page_on' | 'first' | 'last';

/** A recorded log that one can go back and forth in, event by event. */
export class TimeTravel {
  readonly #events: TopEvent[] = [];
  #place = 0;
  #forgotten = 0;

  /** Takes the next event of the log; the place is behind the last. */
  add(event: TopEvent): void {
    this.#events.push(event);
    if (this.#events.length > EVENTS_MAX + PAGE) this.#forgotten += this.#events.splice(0, PAGE).length;
    this.#place = this.#events.length;
  }

  move(move: Move): void {
    const steps: Readonly<Record<Move, number>> = {
      back: -1,
      on: 1,
      page_back: -PAGE,
      page_on: PAGE,
      first: -this.#events.length,
      last: this.#events.length,
    };
    this.#place = Math.min(this.#events.length, Math.max(Math.min(1, this.#events.length), this.#place + steps[move]));
  }

  /** For example `120 of 4000`; with what was forgotten. */
  get place(): string {
    const of = `${this.#place} of ${this.#events.length}`;
    return this.#forgotten === 0 ? of : `${of} (${this.#forgotten} older ones not kept)`;
  }

  get isAtEnd(): boolean {
    return this.#place >= this.#events.length;
  }

  /** What the screen showed when the event at the place had just happened. Folded anew: at the bound that is some hundred milliseconds. */
  view(): TopView {
    const tally = new TopTally();
    for (let at = 0; at < this.#place; at += 1) tally.add(this.#events[at] as TopEvent);
    return tally.view();
  }
}
