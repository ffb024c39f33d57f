import type { Wal } from '@esper/wal';
import type { HostRecord } from '../records/record.js';
import { encodeRecord } from '../records/record-codec.js';
import type { DecisionJournal } from '../stages/parts.js';

/** The host's records in the log. An append resolves when it is as durable as the log was opened for. */
export function walJournal(wal: Wal): DecisionJournal {
  return {
    append: async (record: HostRecord): Promise<number> => {
      const issuedAtMs = issueTimeOf(record);
      const { sequence } = await wal.append(encodeRecord(record), issuedAtMs === undefined ? {} : { issuedAtMs });
      return sequence;
    },
  };
}

/** Retention goes by when something was decided, not by when it was written. */
function issueTimeOf(record: HostRecord): number | undefined {
  switch (record.kind) {
    case 'telemetry':
      return record.packet.timestampMs;
    case 'note':
      return undefined;
    default:
      return record.atMs;
  }
}
