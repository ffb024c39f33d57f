import type { CommandDraft } from '@esper/leyline';
import { attachSignature, encodeCommand } from '@esper/leyline/protobuf';
import type { WallClock } from '@esper/std';
import { signingKeys } from '../core/key-ring.js';
import { VerifierError } from '../errors.js';
import type { IdSource, KeyRingSource } from '../ports.js';
import { toBase64 } from '../wire/base64-signature.js';

/** What sealing in the prototype's form works with. */
export interface LeylineSealerParts {
  readonly keyRing: KeyRingSource;
  readonly clock: WallClock;
  readonly ids: IdSource;
}

/** A command in the prototype's form. */
export interface LeylineSealed {
  /** Canonical protobuf bytes with the `signature` annotation. */
  readonly bytes: Uint8Array;
  /** The same text as in the annotation; also the value of the header `X-Leyline-Signature`. */
  readonly signature: string;
  readonly commandId: string;
  readonly issuedAtMs: number;
  readonly keyId: string;
}

/** Seals commands for executors that know the prototype's form alone. */
export interface LeylineSealer {
  /**
   * Drops an old signature, gives a fresh id and the time of issue, signs the canonical bytes with the first current HMAC
   * key. Throws `SEAL_NO_SIGNING_KEY`, or `RangeError` for a number protobuf cannot hold.
   */
  seal(draft: CommandDraft): LeylineSealed;
}

/** A sealer with the ring in force at each call. */
export function createLeylineSealer({ keyRing, clock, ids }: LeylineSealerParts): LeylineSealer {
  return Object.freeze({
    seal: (draft: CommandDraft) => {
      const issuedAtMs = clock.wallMs();
      const key = signingKeys(keyRing.current(), issuedAtMs).find(({ algorithm }) => algorithm === 'hmac-sha256');
      if (key === undefined)
        throw new VerifierError('SEAL_NO_SIGNING_KEY', 'the prototype’s form needs a current HMAC key');
      const commandId = ids.commandId();
      const signedBytes = encodeCommand(draft, { commandId, issuedAtMs });
      const signature = toBase64(key.sign(signedBytes));
      return { bytes: attachSignature(signedBytes, signature), signature, commandId, issuedAtMs, keyId: key.keyId };
    },
  });
}
