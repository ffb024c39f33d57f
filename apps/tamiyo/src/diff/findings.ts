import type { Unreplayable } from '../replay/replayed.js';
import type { DiffOutcome } from './differ.js';
import type { Flip, FlipDirection } from './flip.js';
import { FlipList } from './flip-list.js';

/** What a comparison found, in numbers. */
export interface DiffTally {
  readonly decisions: number;
  readonly same: number;
  readonly flips: Readonly<Record<FlipDirection, number>>;
  /** Decisions that would get no command, by error code. */
  readonly failing: Readonly<Record<string, number>>;
  /** Decisions that could not be compared, by reason. */
  readonly uncompared: Readonly<Partial<Record<Unreplayable, number>>>;
}

/** Counts outcomes and keeps the flips worth looking at. */
export class DiffFindings {
  readonly #list: FlipList;
  readonly #failing: Record<string, number> = {};
  readonly #uncompared: Partial<Record<Unreplayable, number>> = {};
  #decisions = 0;
  #same = 0;

  constructor(limit: number) {
    this.#list = new FlipList(limit);
  }

  add(outcome: DiffOutcome): void {
    this.#decisions += 1;
    switch (outcome.kind) {
      case 'same':
        this.#same += 1;
        return;
      case 'flip':
        this.#list.add(outcome.flip);
        return;
      case 'fails':
        this.#failing[outcome.code] = (this.#failing[outcome.code] ?? 0) + 1;
        return;
      case 'unreplayable':
        this.#uncompared[outcome.why] = (this.#uncompared[outcome.why] ?? 0) + 1;
    }
  }

  flips(): readonly Flip[] {
    return this.#list.flips();
  }

  tally(): DiffTally {
    return {
      decisions: this.#decisions,
      same: this.#same,
      flips: this.#list.counts,
      failing: this.#failing,
      uncompared: this.#uncompared,
    };
  }
}
