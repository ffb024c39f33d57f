import { Fifo } from '../core/fifo.js';
import type { LaneItem } from '../core/lane-queue.js';

/** The latest packets that the bus refused for good, kept so that an operator can send them again. */
export class DeadLetters {
  readonly #countMax: number;
  readonly #items = new Fifo<LaneItem>();

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get count(): number {
    return this.#items.length;
  }

  add(item: LaneItem): void {
    this.#items.push(item);
    if (this.#items.length > this.#countMax) this.#items.shift();
  }

  takeUpTo(countMax: number): readonly LaneItem[] {
    const taken: LaneItem[] = [];
    while (taken.length < countMax) {
      const item = this.#items.shift();
      if (item === undefined) break;
      taken.push(item);
    }
    return taken;
  }
}
