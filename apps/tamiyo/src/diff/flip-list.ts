import type { Flip, FlipDirection } from './flip.js';

/** Looser first: that is what somebody has to look at. */
const ORDER: readonly FlipDirection[] = ['looser', 'other', 'tighter'];

/** Flips of a log of any length: all of them counted, the first of each direction kept; of the looser ones the loosest. */
export class FlipList {
  readonly #limit: number;
  readonly #kept: Readonly<Record<FlipDirection, Flip[]>> = { looser: [], other: [], tighter: [] };
  readonly #counts: Record<FlipDirection, number> = { looser: 0, other: 0, tighter: 0 };

  /** At most `limit` flips of each direction are kept. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(flip: Flip): void {
    this.#counts[flip.direction] += 1;
    const kept = this.#kept[flip.direction];
    kept.push(flip);
    if (kept.length >= 2 * this.#limit + 1) kept.splice(0, kept.length, ...sorted(kept).slice(0, this.#limit));
  }

  get counts(): Readonly<Record<FlipDirection, number>> {
    return this.#counts;
  }

  /** Looser first, and of those the loosest; else in the order of the log. */
  flips(): readonly Flip[] {
    return ORDER.flatMap((direction) => sorted(this.#kept[direction]).slice(0, this.#limit));
  }
}

/** The sort is stable: flips of one degree stay in the order of the log. */
const sorted = (flips: readonly Flip[]): readonly Flip[] =>
  flips[0]?.direction === 'looser' ? [...flips].sort((one, other) => one.degrees - other.degrees) : flips;
