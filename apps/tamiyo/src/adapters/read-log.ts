import type { Wal } from '@esper/wal';
import type { NoteRecord } from '../records/record.js';
import { decodeRecord } from '../records/record-codec.js';
import { type Recovered, RecoveryFold } from '../records/recover.js';

/** Reads the whole log once, as a stream, and folds it into the state the host goes on from. */
export async function readLog(
  wal: Wal,
  answersSinceMs: number,
  onNote: (note: NoteRecord, sequence: number) => void,
): Promise<Recovered> {
  const fold = new RecoveryFold(answersSinceMs);
  for await (const { sequence, payload } of wal.read()) {
    const record = decodeRecord(payload);
    fold.add(record);
    if (record.kind === 'note') onNote(record, sequence);
  }
  return fold.result();
}
