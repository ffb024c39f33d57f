import type { StreamLogs } from '../core/stream-log.js';
import { OonaError } from '../errors.js';
import type { Journal, JournalRecord } from '../ports.js';
import { decodeOutboxRecord, type GroupCursor, type OutboxRecord } from '../wire/outbox-record.js';

/**
 * Fills `logs` with what the journal still holds and answers how many messages some group has yet to acknowledge, or a
 * group to come may want. Reads the journal twice: the newest cursors stand after the messages they speak of, and a
 * message is kept or let go according to them.
 */
export async function recoverOutbox(journal: Journal, logs: StreamLogs): Promise<number> {
  for (const { stream, group, position } of await newestCursors(journal)) logs[stream].addGroup(group, position);
  for await (const found of journal.read()) {
    const record = recordIn(found);
    if (record.kind === 'cursors') continue;
    const { stream, envelope, sizeBytes } = record;
    logs[stream].add({ position: found.position, messageId: envelope.messageId, envelope, sizeBytes });
  }
  return Object.values(logs).reduce((sum, log) => sum + log.entryCount, 0);
}

async function newestCursors(journal: Journal): Promise<readonly GroupCursor[]> {
  let newest: readonly GroupCursor[] = [];
  for await (const found of journal.read()) {
    const record = recordIn(found);
    if (record.kind === 'cursors') newest = record.cursors;
  }
  return newest;
}

function recordIn({ position, bytes }: JournalRecord): OutboxRecord {
  const decoded = decodeOutboxRecord(bytes);
  if (decoded.ok) return decoded.value;
  throw new OonaError('OONA_JOURNAL_UNREADABLE', `outbox record ${position}: ${decoded.error}`);
}
