import { err, ok, type Result } from '@esper/std';
import { z } from 'zod';
import { HISTORY_ACTIONS, type HistoryEntry } from '../core/history/history-entry.js';
import type { RegistryRefusal } from '../errors.js';
import { jsonOf } from './strict-json.js';

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const entrySchema = z.strictObject({
  sequence: z.int().min(1),
  previous: digest,
  action: z.enum(HISTORY_ACTIONS),
  digest,
  policyId: z.string().min(1).max(128),
  policyVersion: z.int().min(1),
  atMs: z.int().min(0),
  downgrade: z.boolean(),
  who: z.string().min(1).max(256),
  why: z.string().min(1).max(1024),
  hash: digest,
});

/** The largest history that is read, in bytes; at some 500 bytes an entry that is 100,000 changes of policy. */
const HISTORY_BYTES_MAX = 64 << 20;
const NEWLINE = 0x0a;

export interface ParsedHistory {
  readonly entries: readonly HistoryEntry[];
  /** Bytes of whole lines. What follows is a line whose writing was interrupted: nobody was told that it happened. */
  readonly wholeBytes: number;
}

/** The entries of a history file, one JSON object per line. `HISTORY_BROKEN` for a whole line that is no entry. */
export function parseHistory(bytes: Uint8Array): Result<ParsedHistory, RegistryRefusal> {
  if (bytes.byteLength > HISTORY_BYTES_MAX) {
    return err({
      code: 'HISTORY_BROKEN',
      message: `the policy history has ${bytes.byteLength} bytes, at most ${HISTORY_BYTES_MAX}`,
    });
  }
  const entries: HistoryEntry[] = [];
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
    const json = jsonOf(bytes.subarray(start, end));
    const parsed = json.ok ? entrySchema.safeParse(json.value) : undefined;
    if (parsed?.success !== true) {
      return err({ code: 'HISTORY_BROKEN', message: `line ${entries.length + 1} of the policy history is no entry` });
    }
    entries.push(parsed.data);
    start = end + 1;
  }
  return ok({ entries, wholeBytes: start });
}

/** The line of an entry. Throws when its texts are empty or too long: the caller checks what people type. */
export function historyLine(entry: HistoryEntry): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(entrySchema.parse(entry))}\n`);
}
