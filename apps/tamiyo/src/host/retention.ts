import type { TelemetryEvent } from '@esper/leyline';
import type { WallClock } from '@esper/std';
import type { RetentionReport, Wal } from '@esper/wal';
import type { EpochRecord } from '../records/record.js';
import type { RunTable } from '../runs/run-table.js';
import type { DecisionJournal } from '../stages/parts.js';

const HOUR_MS = 3_600_000;

export interface RetentionParts {
  readonly log: Pick<Wal, 'retain'>;
  readonly journal: DecisionJournal;
  readonly runs: RunTable;
  /** Writes a run's state down in the run's lane, so that no decision is overtaken. */
  readonly checkpoint: (runId: string) => Promise<void>;
  readonly epoch: () => EpochRecord;
  /** Writes again what the decisions of this host have in common. */
  readonly keepScenes?: () => Promise<void>;
  readonly clock: WallClock;
  readonly tell: (event: TelemetryEvent) => void;
  readonly keepHours: number;
  /** Issue time of the oldest record that a field report still on its way is made from; `undefined` when there is none. */
  readonly oldestNeededMs: () => number | undefined;
  /** Runs without a sign of life for so long are given up. */
  readonly forgetRunHours: number;
}

/**
 * Gives up what the log need not keep any more (CF-06). What the host goes on from is written again first: the epoch, and the
 * state of each run whose last record is on its way out. Failures are told and leave the log as it was.
 */
export async function retainLog(parts: RetentionParts): Promise<RetentionReport | undefined> {
  const nowMs = parts.clock.wallMs();
  const keepMs = parts.keepHours * HOUR_MS;
  try {
    await keepRuns(parts, nowMs);
    await parts.keepScenes?.();
    await parts.journal.append(parts.epoch());
    // A report that nobody could take yet has no other home than the log.
    const cutoffMs = Math.min(nowMs - keepMs, parts.oldestNeededMs() ?? nowMs);
    return await parts.log.retain({ cutoffMs: Math.max(0, Math.floor(cutoffMs)), nowMs });
  } catch (cause) {
    const error = cause instanceof Error ? cause.message.slice(0, 200) : String(cause);
    parts.tell({ description: 'wal_retention_problem', level: 'WARNING', attributes: { error } });
    return undefined;
  }
}

/** A run is written again at half of its time, so that one failed attempt loses nothing. */
async function keepRuns(parts: RetentionParts, nowMs: number): Promise<void> {
  const { runs, keepHours, forgetRunHours } = parts;
  for (const { runId, activeMs } of runs.recordedBefore(nowMs - (keepHours * HOUR_MS) / 2)) {
    if (activeMs < nowMs - forgetRunHours * HOUR_MS) runs.forget(runId);
    else await parts.checkpoint(runId);
  }
}
