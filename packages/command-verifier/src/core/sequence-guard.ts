/** A place in a run. */
export interface SealedPosition {
  readonly trainingRunId: string;
  readonly issuerEpoch: number;
  readonly sequence: number;
}

/**
 * The issuer's second look at its own run state: remembers the last sealed position of the latest `runsMax` runs. The
 * caller's journal is the truth; a guard that has forgotten a run lets it pass.
 */
export class SequenceGuard {
  readonly #runsMax: number;
  readonly #last = new Map<string, SealedPosition>();

  constructor(runsMax: number) {
    this.#runsMax = runsMax;
  }

  /** True when the epoch does not fall and the sequence is above the last one. */
  rises(next: SealedPosition): boolean {
    const last = this.#last.get(next.trainingRunId);
    return last === undefined || (next.issuerEpoch >= last.issuerEpoch && next.sequence > last.sequence);
  }

  /** Remembers a sealed position; forgets the run that sealed longest ago when there are too many. */
  advance({ trainingRunId, issuerEpoch, sequence }: SealedPosition): void {
    this.#last.delete(trainingRunId);
    this.#last.set(trainingRunId, { trainingRunId, issuerEpoch, sequence });
    for (const oldest of this.#last.keys()) {
      if (this.#last.size <= this.#runsMax) return;
      this.#last.delete(oldest);
    }
  }
}
