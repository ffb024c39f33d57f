import { err, type Result } from '@esper/std';
import type { LearnedState } from '../core/trainer-state.js';
import type { StoredCheckpoint } from '../ports.js';
import { decodeLearnedState } from './learned-state-codec.js';

/** What is in stored weights, once they are found to be those that were stored. Nothing is decoded before that. */
export function learnedStateIn(
  stored: StoredCheckpoint,
  digest: (bytes: Uint8Array) => string,
): Result<LearnedState, 'digest_mismatch' | 'checkpoint_malformed'> {
  if (digest(stored.bytes) !== stored.digest) return err('digest_mismatch');
  return decodeLearnedState(stored.bytes);
}
