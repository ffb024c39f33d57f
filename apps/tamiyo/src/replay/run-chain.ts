import { fingerprintOf } from '../records/fingerprint.js';
import type { HostRecord } from '../records/record.js';
import type { RunState } from '../runs/run-state.js';

type StateRecord = Extract<HostRecord, { readonly stateAfter: RunState }>;

/** The states that a run may have been in before its next record, the likeliest first. */
type Candidates = readonly RunState[];

/** Runs that are followed at once; a log of more loses sight of the one that was quiet for longest. */
const RUNS_MAX = 8_192;

/** What the log says each run's state was, record by record. Holds a few states a run, however long the log. */
export class RunChain {
  readonly #runs = new Map<string, Candidates>();

  /**
   * The state a decision was made in, by its fingerprint; `undefined` when the log does not hold it (any more). `fresh` is the
   * state of a run nobody has reported on.
   */
  before(runId: string, mark: number, fresh: RunState): RunState | undefined {
    return [...(this.#runs.get(runId) ?? []), fresh].find((state) => fingerprintOf(state) === mark);
  }

  /** Goes on behind a record. `recomputed`: the state that came out now, should the recorded one be wrong. */
  take(record: StateRecord, recomputed?: RunState): void {
    const known = this.#runs.get(record.trainingRunId);
    // As the host does it: what was no packet makes no run known.
    if (record.kind === 'failure' && record.packet === undefined && known === undefined) return;
    const recorded = { ...record.stateAfter, hold: record.stateAfter.hold ?? null };
    // A decision that came too late left the state of its failure, which may be missing from a log that had no room.
    const earlier = known === undefined ? [] : known.slice(0, 1);
    this.#runs.delete(record.trainingRunId);
    this.#runs.set(record.trainingRunId, [recorded, ...(recomputed === undefined ? [] : [recomputed]), ...earlier]);
    const [longestQuiet] = this.#runs.keys();
    if (this.#runs.size > RUNS_MAX && longestQuiet !== undefined) this.#runs.delete(longestQuiet);
  }
}
