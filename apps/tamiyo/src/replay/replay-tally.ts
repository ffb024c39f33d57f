import type { SceneRuntime } from '../records/scene.js';
import type { ReplayPart, Unreplayable } from './replayed.js';
import type { Replayed } from './replayer.js';

/** What a replay found, in numbers. */
export interface ReplayTally {
  readonly decisions: number;
  readonly identical: number;
  /** Recorded on another runtime or processor: the network says something else here, all else is the same. */
  readonly elsewhere: number;
  readonly differing: number;
  /** By reason. */
  readonly unreplayable: Readonly<Partial<Record<Unreplayable, number>>>;
  /** Decisions that differ, by the part that differs first. */
  readonly firstDifference: Readonly<Partial<Record<ReplayPart | 'refused', number>>>;
  /** Where decisions were recorded that is not here. */
  readonly recordedOn: readonly SceneRuntime[];
}

/** Counts outcomes one by one. */
export class ReplayCount {
  #decisions = 0;
  #identical = 0;
  #elsewhere = 0;
  #differing = 0;
  readonly #unreplayable = new Map<Unreplayable, number>();
  readonly #first = new Map<ReplayPart | 'refused', number>();
  readonly #recordedOn = new Map<string, SceneRuntime>();

  add({ outcome, recordedOn }: Replayed): void {
    this.#decisions += 1;
    if (recordedOn !== undefined) this.#recordedOn.set(JSON.stringify(recordedOn), recordedOn);
    switch (outcome.kind) {
      case 'identical':
        this.#identical += 1;
        return;
      case 'elsewhere':
        this.#elsewhere += 1;
        return;
      case 'unreplayable':
        count(this.#unreplayable, outcome.why);
        return;
      case 'refused':
      case 'differs':
        this.#differing += 1;
        count(this.#first, outcome.differs[0]?.part ?? 'refused');
    }
  }

  result(): ReplayTally {
    return {
      decisions: this.#decisions,
      identical: this.#identical,
      elsewhere: this.#elsewhere,
      differing: this.#differing,
      unreplayable: Object.fromEntries(this.#unreplayable),
      firstDifference: Object.fromEntries(this.#first),
      recordedOn: [...this.#recordedOn.values()],
    };
  }
}

const count = <K>(counts: Map<K, number>, key: K): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};
