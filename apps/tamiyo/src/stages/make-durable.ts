import { DecisionError } from '../errors.js';
import type { DecisionRecord, WithheldRecord } from '../records/record.js';
import type { DecisionParts } from './parts.js';

type DurableParts = Pick<DecisionParts, 'journal' | 'ownership' | 'reporter'>;

/**
 * The record in the log, and behind it the write that other hosts see: no command leaves that the log does not know. A second record
 * tells of a command that another host's take-over has stopped. Resolves with the place in the log.
 */
export async function makeDurable(record: DecisionRecord, parts: DurableParts): Promise<number> {
  const { journal, ownership, reporter } = parts;
  const logSequence = await journal.append(record).catch((cause: unknown) => {
    throw new DecisionError('RECORD_FAILED', 'the decision could not be made durable', {
      kind: 'persistence',
      reason: 'record_failed',
      attributes: { error: cause instanceof Error ? cause.message.slice(0, 200) : String(cause) },
      cause,
    });
  });
  try {
    await ownership.store(record);
  } catch (cause) {
    if (isLost(cause)) {
      journal.append(withheldOf(record)).catch((failed: unknown) => reporter.recordLost('withheld', failed));
    }
    throw cause;
  }
  return logSequence;
}

/**
 * The deadline has passed while the disk or the ledger was slow. Should the decision become durable after all, it is taken back, and
 * a second record says that it never left.
 */
export function withholdWhenDurable(late: Promise<number>, record: DecisionRecord, parts: DurableParts): void {
  const { journal, ownership, reporter } = parts;
  late
    .then(async () => {
      if (await ownership.takeBack(record)) await journal.append(withheldOf(record));
    })
    .catch((cause: unknown) => {
      if (!isLost(cause)) reporter.recordLost('withheld', cause);
    });
}

const isLost = (cause: unknown): boolean => cause instanceof DecisionError && cause.code === 'LEASE_LOST';

const withheldOf = ({ decisionId, trainingRunId, packetId, atMs, identity }: DecisionRecord): WithheldRecord => ({
  kind: 'withheld',
  decisionId,
  trainingRunId,
  packetId,
  atMs,
  commandId: identity.commandId,
  sequence: identity.sequence,
});
