import type { Journal } from '@esper/oona';
import type { Wal } from '@esper/wal';

/**
 * The embedded bus's outbox in a log of its own: what every consumer has acknowledged can be given up by whole segments,
 * which the audit log must never do on that account.
 */
export function outboxJournal(wal: Wal, nowMs: () => number): Journal {
  return {
    append: async (bytes) => {
      const { sequence } = await wal.append(bytes, { issuedAtMs: Math.max(1, nowMs()) });
      return sequence;
    },
    read: async function* () {
      for await (const { sequence, payload } of wal.read()) yield { position: sequence, bytes: payload };
    },
    forgetThrough: async (position) => {
      const now = nowMs();
      await wal.retain({ cutoffMs: now, nowMs: now, keepFromSequence: position + 1 });
    },
  };
}
