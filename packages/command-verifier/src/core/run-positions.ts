import { elapsedMs, type MonoMs } from '@esper/std';
import type { RefusalReason } from './refusal.js';
import type { DatedPosition, RunBound } from './watermark.js';

/** Idle runs looked at when the table is full; keeps a claim's cost constant. */
const LOOK_MAX = 8;

interface RunEntry {
  issuerEpoch: number;
  sequence: number;
  lastClaimAt: MonoMs;
  /** What the journal promised before the start. */
  readonly restored: RunBound | undefined;
}

/** How a run's commands must follow each other. */
export type SequenceRule = 'rising' | 'any';

/** The highest position accepted per run since the start, bounded; and what is known of each from before it. */
export class RunPositions {
  readonly #runsMax: number;
  readonly #runs = new Map<string, RunEntry>();
  /** Runs with no command accepted since the start. */
  readonly #restored: Map<string, RunBound>;

  constructor(runsMax: number, restored: Iterable<readonly [string, RunBound]>) {
    this.#runsMax = runsMax;
    this.#restored = new Map(restored);
  }

  get size(): number {
    return this.#runs.size;
  }

  /** Whether `command` follows what was accepted of its run. Under `any`, only the issuer epoch counts. */
  judge(command: DatedPosition, rule: SequenceRule): 'follows' | RefusalReason {
    const entry = this.#runs.get(command.trainingRunId);
    const epochMin = entry?.issuerEpoch ?? this.#restored.get(command.trainingRunId)?.issuerEpoch ?? 0;
    if (command.issuerEpoch < epochMin) return 'issuer_epoch_regressed';
    if (entry === undefined || rule === 'any') return 'follows';
    return command.sequence > entry.sequence ? 'follows' : 'sequence_not_rising';
  }

  /**
   * True when its sequence number alone proves that `command`, which follows, was never accepted: it is beyond all that may
   * have been accepted before the start. A run that was forgotten proves nothing.
   */
  provesNew(command: DatedPosition): boolean {
    const entry = this.#runs.get(command.trainingRunId);
    const restored = entry === undefined ? this.#restored.get(command.trainingRunId) : entry.restored;
    if (entry === undefined && restored === undefined) return false;
    return command.sequence >= (restored?.sequenceBelow ?? 0);
  }

  /** Makes room for one run more by forgetting one that was idle for more than `idleMs`; false when there is none. */
  makeRoom(trainingRunId: string, at: MonoMs, idleMs: number): boolean {
    if (this.#runs.has(trainingRunId) || this.#runs.size < this.#runsMax) return true;
    for (const [runId, entry] of [...firstOf(this.#runs, LOOK_MAX)]) {
      this.#runs.delete(runId);
      if (elapsedMs(entry.lastClaimAt, at) > idleMs) return true;
      this.#runs.set(runId, entry);
    }
    return false;
  }

  /** Remembers an accepted command; there is room. */
  advance(command: DatedPosition, at: MonoMs): void {
    const { trainingRunId, issuerEpoch, sequence } = command;
    const entry = this.#runs.get(trainingRunId);
    if (entry === undefined) {
      const restored = this.#restored.get(trainingRunId);
      this.#restored.delete(trainingRunId);
      this.#runs.set(trainingRunId, { issuerEpoch, sequence, lastClaimAt: at, restored });
      return;
    }
    entry.issuerEpoch = issuerEpoch;
    entry.sequence = sequence;
    entry.lastClaimAt = at;
  }
}

function* firstOf<Key, Value>(map: ReadonlyMap<Key, Value>, countMax: number): Generator<[Key, Value]> {
  let left = countMax;
  for (const entry of map) {
    if (left === 0) return;
    left -= 1;
    yield entry;
  }
}
