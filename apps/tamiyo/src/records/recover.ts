import type { RunState } from '../runs/run-state.js';
import type { HostRecord } from './record.js';

/** A recent answer, kept so that a packet that is sent again gets the same bytes. */
export interface RecentAnswer {
  readonly trainingRunId: string;
  readonly packetId: string;
  readonly atMs: number;
  readonly bytes: Uint8Array;
}

/** What the log says about the world before this start. */
export interface Recovered {
  readonly runs: ReadonlyMap<string, RunState>;
  /** The highest epoch that any host has used; 0 in a new log. */
  readonly issuerEpoch: number;
  readonly answers: readonly RecentAnswer[];
  readonly counts: Readonly<Record<HostRecord['kind'], number>>;
}

/** Folds the log, record by record, into the state the host goes on from. */
export class RecoveryFold {
  readonly #runs = new Map<string, RunState>();
  readonly #answers = new Map<string, RecentAnswer>();
  readonly #answersSinceMs: number;
  readonly #counts: Record<HostRecord['kind'], number> = {
    decision: 0,
    failure: 0,
    withheld: 0,
    epoch: 0,
    telemetry: 0,
    note: 0,
  };
  #issuerEpoch = 0;

  /** Answers older than `answersSinceMs` are not kept. */
  constructor(answersSinceMs: number) {
    this.#answersSinceMs = answersSinceMs;
  }

  add(record: HostRecord): void {
    this.#counts[record.kind] += 1;
    switch (record.kind) {
      case 'decision':
        this.#runs.set(record.trainingRunId, record.stateAfter);
        if (record.atMs >= this.#answersSinceMs) this.#answers.set(record.decisionId, record);
        return;
      case 'failure':
        this.#runs.set(record.trainingRunId, record.stateAfter);
        return;
      case 'withheld':
        this.#answers.delete(record.decisionId);
        return;
      case 'epoch':
        this.#issuerEpoch = Math.max(this.#issuerEpoch, record.issuerEpoch);
        return;
      default:
        return;
    }
  }

  result(): Recovered {
    const answers = [...this.#answers.values()].map(({ trainingRunId, packetId, atMs, bytes }) => ({
      trainingRunId,
      packetId,
      atMs,
      bytes,
    }));
    return { runs: this.#runs, issuerEpoch: this.#issuerEpoch, answers, counts: this.#counts };
  }
}
