import type { Wal } from '@esper/wal';
import { timeOfDecisionId } from '../decision/decision-ids.js';
import type { LogMarks } from '../records/log-marks.js';
import type { HostRecord } from '../records/record.js';
import { decodeRecord } from '../records/record-codec.js';
import { type Recovered, RecoveryFold } from '../records/recover.js';

export interface LogReading {
  /** Answers older than this are not kept. */
  readonly answersSinceMs: number;
  readonly marks?: LogMarks;
  /** Sees every record in order, for parts that keep a fold of their own. */
  readonly onRecord?: (record: HostRecord) => void;
}

/** Reads the whole log once, as a stream, and folds it into the state the host goes on from. */
export async function readLog(wal: Pick<Wal, 'read'>, reading: LogReading): Promise<Recovered> {
  const fold = new RecoveryFold(reading.answersSinceMs);
  for await (const { sequence, payload } of wal.read()) {
    const record = decodeRecord(payload);
    fold.add(record, sequence);
    noteMark(record, sequence, reading.marks);
    reading.onRecord?.(record);
  }
  return fold.result();
}

/** Remembers roughly where a decision's record stands. */
export function noteMark(record: HostRecord, logSequence: number, marks: LogMarks | undefined): void {
  if (marks === undefined || !('decisionId' in record)) return;
  const idMs = timeOfDecisionId(record.decisionId);
  if (idMs !== undefined) marks.note(logSequence, idMs);
}
