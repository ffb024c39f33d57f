import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentIds } from '../../src/core/recent-ids.js';

/** The same promise kept naively: a list, the oldest first, looked through from the front. */
class NaiveIds {
  #known: (readonly [id: string, position: number])[] = [];
  readonly #countMax: number;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  positionOf(id: string): number | undefined {
    return this.#known.find(([known]) => known === id)?.[1];
  }

  remember(id: string, position: number): void {
    const at = this.#known.findIndex(([known]) => known === id);
    if (at >= 0) this.#known[at] = [id, position];
    else
      this.#known = [...this.#known, [id, position] as const].slice(
        Math.max(0, this.#known.length + 1 - this.#countMax),
      );
  }
}

describe('recent ids', () => {
  it('are the last ones, whatever order they come in', () => {
    const ids = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 60 });
    fc.assert(
      fc.property(ids, fc.integer({ min: 0, max: 5 }), (given, countMax) => {
        const [ring, naive] = [new RecentIds(countMax), new NaiveIds(countMax)];
        given.forEach((id, position) => {
          ring.remember(id, position);
          naive.remember(id, position);
          for (const asked of 'abcdef') expect(ring.positionOf(asked)).toBe(naive.positionOf(asked));
        });
      }),
    );
  });
});
