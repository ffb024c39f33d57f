import type { Wal } from '@esper/wal';

/** One record of a journal and where it stands. */
interface PositionedBytes {
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** A durable journal whose old part can be given up: what the bus's outbox and telemetry keep for themselves. */
export interface FolderJournal {
  append(bytes: Uint8Array): Promise<number>;
  read(afterPosition?: number): AsyncIterable<PositionedBytes>;
  forgetThrough(position: number): Promise<void>;
}

/** A log of its own for each such part: it is cut as consumers acknowledge, which the audit log must never be. */
export function folderJournal(wal: Wal, nowMs: () => number): FolderJournal {
  return {
    append: async (bytes) => {
      const { sequence } = await wal.append(bytes, { issuedAtMs: Math.max(1, nowMs()) });
      return sequence;
    },
    read: async function* (afterPosition = 0) {
      for await (const { sequence, payload } of wal.read({ fromSequence: afterPosition + 1 }))
        yield { position: sequence, bytes: payload };
    },
    forgetThrough: async (position) => {
      const now = nowMs();
      await wal.retain({ cutoffMs: now, nowMs: now, keepFromSequence: position + 1 });
    },
  };
}
