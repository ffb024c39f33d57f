import type { HistoryEntry } from '../core/history/history-entry.js';
import { foldHistory, type PolicyState } from '../core/history/policy-state.js';
import { RegistryError } from '../errors.js';
import type { PolicyStoreFiles, Sha256 } from '../ports.js';
import { parseHistory } from '../wire/history-file.js';

/** What a history says, checked link by link. */
export interface HistoryFound {
  readonly entries: readonly HistoryEntry[];
  readonly state: PolicyState;
  readonly wholeBytes: number;
  /** Bytes of an unfinished last line. */
  readonly tornBytes: number;
}

/** Reads a history and changes nothing, so that it may be looked at while a host holds it. Rejects with `HISTORY_BROKEN`. */
export async function readHistory(
  files: Pick<PolicyStoreFiles, 'location' | 'readHistory'>,
  sha256: Sha256,
): Promise<HistoryFound> {
  const bytes = await files.readHistory();
  const parsed = parseHistory(bytes);
  const state = parsed.ok ? foldHistory(parsed.value.entries, sha256) : parsed;
  if (!parsed.ok || !state.ok) {
    const message = state.ok ? 'unreadable' : state.error.message;
    throw new RegistryError('HISTORY_BROKEN', `${files.location}: ${message}`);
  }
  const { entries, wholeBytes } = parsed.value;
  return { entries, state: state.value, wholeBytes, tornBytes: bytes.byteLength - wholeBytes };
}
