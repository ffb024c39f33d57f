import { timeOfDecisionId } from '../decision/decision-ids.js';
import type { RunState } from '../runs/run-state.js';
import type { KnownRun } from '../runs/run-table.js';
import type { DecisionRecord, HostRecord } from './record.js';

/** Where the answer to a packet stands in the log. */
export interface RecordedAnswer {
  readonly trainingRunId: string;
  readonly packetId: string;
  readonly atMs: number;
  readonly logSequence: number;
}

/** What the log says about the world before this start. */
export interface Recovered {
  readonly runs: ReadonlyMap<string, KnownRun>;
  /** The highest epoch that any host has used; 0 in a new log. */
  readonly issuerEpoch: number;
  /** The latest time in any decision id. */
  readonly lastIdMs: number;
  readonly answers: readonly RecordedAnswer[];
  readonly counts: Readonly<Record<HostRecord['kind'], number>>;
}

/** What every record with a run's state says about it. */
interface StateRecord {
  readonly trainingRunId: string;
  readonly atMs: number;
  readonly activeMs?: number;
  readonly stateAfter: RunState;
}

/** Folds the log, record by record, into the state the host goes on from. */
export class RecoveryFold {
  readonly #runs = new Map<string, KnownRun>();
  readonly #answers = new Map<string, RecordedAnswer>();
  readonly #answersSinceMs: number;
  readonly #counts: Record<HostRecord['kind'], number> = {
    decision: 0,
    failure: 0,
    withheld: 0,
    operator: 0,
    run: 0,
    epoch: 0,
    telemetry: 0,
    note: 0,
  };
  #issuerEpoch = 0;
  #lastIdMs = 0;

  /** Answers older than `answersSinceMs` are not kept. */
  constructor(answersSinceMs: number) {
    this.#answersSinceMs = answersSinceMs;
  }

  add(record: HostRecord, logSequence: number): void {
    this.#counts[record.kind] += 1;
    if ('decisionId' in record) this.#lastIdMs = Math.max(this.#lastIdMs, timeOfDecisionId(record.decisionId) ?? 0);
    if ('stateAfter' in record && this.#isOfKnownRun(record)) this.#keepRun(record);
    if (record.kind === 'decision') this.#keepAnswer(record, logSequence);
    if (record.kind === 'withheld') this.#answers.delete(record.decisionId);
    if (record.kind === 'epoch') this.#issuerEpoch = Math.max(this.#issuerEpoch, record.issuerEpoch);
  }

  /** As the host does it: what was no packet makes no run known. */
  #isOfKnownRun(record: Extract<HostRecord, { readonly stateAfter: RunState }>): boolean {
    return record.kind !== 'failure' || record.packet !== undefined || this.#runs.has(record.trainingRunId);
  }

  #keepAnswer({ trainingRunId, packetId, atMs, decisionId, identity }: DecisionRecord, logSequence: number): void {
    this.#issuerEpoch = Math.max(this.#issuerEpoch, identity.issuerEpoch);
    if (atMs >= this.#answersSinceMs) this.#answers.set(decisionId, { trainingRunId, packetId, atMs, logSequence });
  }

  #keepRun(record: StateRecord): void {
    const { trainingRunId, atMs, stateAfter } = record;
    // Records from before runs could be held say nothing about it.
    const state = { ...stateAfter, hold: stateAfter.hold ?? null };
    this.#runs.set(trainingRunId, { state, recordedMs: atMs, activeMs: record.activeMs ?? atMs });
  }

  result(): Recovered {
    return {
      runs: this.#runs,
      issuerEpoch: this.#issuerEpoch,
      lastIdMs: this.#lastIdMs,
      answers: [...this.#answers.values()],
      counts: this.#counts,
    };
  }
}
