const COMPACT_AFTER = 64;

/** First in, first out, with a place at the front for what comes back. Every operation is cheap on average. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The item that {@link shift} would take. */
  peek(): T | undefined {
    return this.#items[this.#head];
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head] = undefined;
    this.#head += 1;
    if (this.#head >= COMPACT_AFTER && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Adds up `sizeOf` from the front until `enough` is reached. */
  sum(sizeOf: (item: T) => number, enough: number): number {
    let total = 0;
    for (let i = this.#head; i < this.#items.length && total < enough; i += 1) total += sizeOf(this.#items[i] as T);
    return total;
  }

  /** Puts `items` before all others, keeping their order. */
  unshift(items: readonly T[]): void {
    this.#items = [...items, ...this.#items.slice(this.#head)];
    this.#head = 0;
  }

  /** Puts `items` back where they were: before everything of a higher `orderOf`, given that what is here is in that order. */
  putBack(items: readonly T[], orderOf: (item: T) => number): void {
    const back = [...items];
    const highest = Math.max(...items.map(orderOf));
    for (let next = this.peek(); next !== undefined && orderOf(next) < highest; next = this.peek()) {
      back.push(next);
      this.shift();
    }
    this.unshift(back.sort((a, b) => orderOf(a) - orderOf(b)));
  }
}
