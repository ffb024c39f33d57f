import type { TrainerMetrics } from './trainer-metrics.js';

/** One restore, as it went. */
export interface RestoreRecord {
  readonly atStep: number;
  readonly toStep: number;
  readonly tier: 'fast' | 'full';
  /** Reading and checking the stored bytes, putting them in place, confirming the digest of what is in place. */
  readonly prepareMs: number;
  readonly commitMs: number;
  readonly confirmMs: number;
}

type Counts = Readonly<Record<string, number>>;

/** What a run has counted so far. */
export interface Tally {
  readonly packets: number;
  /** Verified commands that were executed, by type. */
  readonly applied: Counts;
  /** Verified commands that could not be executed, by reason. */
  readonly refused: Counts;
  /** Bytes that verification refused, by reason. */
  readonly rejected: Counts;
  /** Failed decisions by code; those that did not come in time count under `decision_timeout`. */
  readonly failures: Counts;
  readonly faults: Counts;
  readonly updatesSkipped: number;
  readonly seedStages: Counts;
  /** `fastHits`, `fastMisses`, `failures`, `deadlineExceeded`, `halts`. */
  readonly rollback: Counts;
  /** Interventions by grade, and those of them that were late. */
  readonly emergencies: Counts;
  readonly emergenciesLate: Counts;
  readonly restores: readonly RestoreRecord[];
}

export const EMPTY_TALLY: Tally = {
  packets: 0,
  applied: {},
  refused: {},
  rejected: {},
  failures: {},
  faults: {},
  updatesSkipped: 0,
  seedStages: {},
  rollback: {},
  emergencies: {},
  emergenciesLate: {},
  restores: [],
};

/** Restores a tally remembers one by one; beyond, the oldest are forgotten. */
const RESTORES_MAX = 256;

type CountedGroup = {
  readonly [Key in keyof Tally]: Tally[Key] extends Counts ? Key : never;
}[keyof Tally];

/** One more of `key` in `group`. */
export const count = (tally: Tally, group: CountedGroup, key: string): Tally => ({
  ...tally,
  [group]: { ...tally[group], [key]: (tally[group][key] ?? 0) + 1 },
});

/** One restore more. */
export const addRestore = (tally: Tally, record: RestoreRecord): Tally => ({
  ...tally,
  restores: [...tally.restores, record].slice(-RESTORES_MAX),
});

/** All of a group together. */
export const totalOf = (counts: Counts): number => Object.values(counts).reduce((sum, one) => sum + one, 0);

/** A whole run in one value. */
export interface TrainerSummary {
  readonly trainingRunId: string;
  readonly steps: number;
  /** On all validation samples. */
  readonly finalLoss: number;
  readonly finalAccuracy: number;
  /** Why the run stopped for good before its end. */
  readonly halted?: string;
  readonly tally: Tally;
  readonly metrics: TrainerMetrics;
}
