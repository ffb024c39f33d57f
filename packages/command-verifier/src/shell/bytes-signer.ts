import type { WallClock } from '@esper/std';
import type { RefusalReason } from '../core/refusal.js';
import {
  type DetachedSignature,
  isDetachedDomain,
  signTagged,
  type TaggedBytes,
  verifyTagged,
} from '../core/signed-bytes.js';
import { VerifierError } from '../errors.js';
import type { KeyRingSource } from '../ports.js';

/** Signs and checks bytes that are no commands, with the same keys under another domain tag. */
export interface BytesSigner {
  /** Signatures of every current key. Throws `SEAL_NO_SIGNING_KEY`, or `SEAL_INVALID_FIELD` for a bad or reserved tag. */
  signBytes(tagged: TaggedBytes): readonly DetachedSignature[];
  /** Never throws. `verified`, or the reason why not. No freshness and no replay: that is the caller's business. */
  verifyBytes(tagged: TaggedBytes, signatures: readonly DetachedSignature[]): 'verified' | RefusalReason;
}

/** A signer with the ring in force at each call. */
export function createBytesSigner(parts: { readonly keyRing: KeyRingSource; readonly clock: WallClock }): BytesSigner {
  const keysNow = () => ({ ring: parts.keyRing.current(), now: parts.clock.wallMs() });
  return Object.freeze({
    signBytes: (tagged: TaggedBytes) => {
      if (!isDetachedDomain(tagged.domain))
        throw new VerifierError('SEAL_INVALID_FIELD', 'domain must be 1 to 64 of a-z 0-9 . - and not that of commands');
      const signatures = signTagged(keysNow(), tagged);
      if (signatures.length === 0) throw new VerifierError('SEAL_NO_SIGNING_KEY', 'no current key is valid now');
      return signatures;
    },
    verifyBytes: (tagged: TaggedBytes, signatures: readonly DetachedSignature[]) =>
      isDetachedDomain(tagged.domain) ? verifyTagged(keysNow(), tagged, signatures) : 'wrong_domain',
  });
}
