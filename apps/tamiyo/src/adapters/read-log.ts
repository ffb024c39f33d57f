import type { Wal } from '@esper/wal';
import type { HostRecord } from '../records/record.js';
import { decodeRecord } from '../records/record-codec.js';
import { type Recovered, RecoveryFold } from '../records/recover.js';

/**
 * Reads the whole log once, as a stream, and folds it into the state the host goes on from. `onRecord` sees every record in
 * order, for parts that keep a fold of their own.
 */
export async function readLog(
  wal: Wal,
  answersSinceMs: number,
  onRecord: (record: HostRecord) => void,
): Promise<Recovered> {
  const fold = new RecoveryFold(answersSinceMs);
  for await (const { payload } of wal.read()) {
    const record = decodeRecord(payload);
    fold.add(record);
    onRecord(record);
  }
  return fold.result();
}
