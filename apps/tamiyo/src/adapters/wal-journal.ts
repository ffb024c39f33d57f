import type { WallClock } from '@esper/std';
import type { Wal } from '@esper/wal';
import type { LogMarks } from '../records/log-marks.js';
import type { HostRecord } from '../records/record.js';
import { encodeRecord } from '../records/record-codec.js';
import type { DecisionJournal } from '../stages/parts.js';
import { noteMark } from './read-log.js';
import type { RecentRecords } from './recent-records.js';

export interface WalJournalParts {
  readonly clock: WallClock;
  readonly marks?: LogMarks;
  /** Where decisions are kept for a moment. */
  readonly recent?: RecentRecords;
}

/** The host's records in the log. An append resolves when it is as durable as the log was opened for. */
export function walJournal(wal: Pick<Wal, 'append'>, { clock, marks, recent }: WalJournalParts): DecisionJournal {
  return {
    append: async (record: HostRecord): Promise<number> => {
      const bytes = encodeRecord(record);
      const { sequence } = await wal.append(bytes, { issuedAtMs: issueTimeOf(record, clock) });
      noteMark(record, sequence, marks);
      if (record.kind === 'decision') recent?.keep(sequence, bytes);
      return sequence;
    },
  };
}

/** Retention goes by when something was decided, not by when it was written. A note has no time of its own. */
function issueTimeOf(record: HostRecord, clock: WallClock): number {
  switch (record.kind) {
    case 'telemetry':
      return record.packet.timestampMs;
    case 'note':
      return Math.max(1, clock.wallMs());
    default:
      return record.atMs;
  }
}
