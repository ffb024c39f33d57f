import { join } from 'node:path';
import { systemClock } from '@esper/std/node';
import { decodeRecord, type HostRecord } from '@esper/tamiyo';
import { openWal } from '@esper/wal';
import { nodeDisk } from '@esper/wal/node';

/** What the host's log says once the host is closed. */
export interface LogAccount {
  /** Ids of the commands that stand in the log. */
  readonly commandIds: ReadonlySet<string>;
  /** Ids of commands that were recorded as withheld. */
  readonly withheld: ReadonlySet<string>;
  /** Failed decisions by code. */
  readonly failures: Readonly<Record<string, number>>;
  readonly operatorOrders: number;
  /** Sequence numbers of one run that were used twice. */
  readonly reusedSequences: number;
  readonly bytes: number;
}

/** Reads the whole log of `dataDir`, in a stream. Rejects when it cannot be opened. */
export async function readLog(dataDir: string): Promise<LogAccount> {
  const log = await openWal({ disk: nodeDisk(), directory: join(dataDir, 'log'), clock: systemClock });
  const account = new Account();
  for await (const { payload } of log.read()) account.take(decodeRecord(payload), payload.length);
  await log.close();
  return account;
}

class Account implements LogAccount {
  readonly commandIds = new Set<string>();
  readonly withheld = new Set<string>();
  readonly failures: Record<string, number> = {};
  operatorOrders = 0;
  reusedSequences = 0;
  bytes = 0;
  readonly #sequences = new Set<string>();

  take(record: HostRecord, bytes: number): void {
    this.bytes += bytes;
    if (record.kind === 'failure') this.failures[record.code] = (this.failures[record.code] ?? 0) + 1;
    if (record.kind === 'withheld') this.withheld.add(record.commandId);
    if (record.kind === 'operator') this.operatorOrders += 1;
    if (record.kind !== 'decision') return;
    const { commandId, trainingRunId, sequence } = record.identity;
    this.commandIds.add(commandId);
    const place = `${trainingRunId} ${sequence}`;
    if (this.#sequences.has(place)) this.reusedSequences += 1;
    this.#sequences.add(place);
  }
}
