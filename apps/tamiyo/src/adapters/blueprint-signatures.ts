import type { KeyRingSource, TrustedKey } from '@esper/command-verifier';
import type { SignatureCheck } from '@esper/registry';
import type { UrzaOptions } from '@esper/registry/node';
import type { WallClock } from '@esper/std';

/** How blueprints and their safety sheets are checked. */
export interface BlueprintSignatures {
  /** Of an entry of a catalogue's file. */
  readonly entry: SignatureCheck;
  /** Of a sheet in Urza's library: HMAC-SHA256 in hex, by whoever holds one of our secrets. */
  readonly sheet: NonNullable<UrzaOptions['checkSheet']>;
}

const SHEET_ALGORITHM = 'HMAC-SHA256';
const HEX_SHA256 = /^[0-9a-f]{64}$/;

/** Checks with the keys that are valid at each look. Neither signature names its key, so one that holds is enough. */
export function blueprintSignatures(keyRing: KeyRingSource, clock: WallClock): BlueprintSignatures {
  const validKeys = (): readonly TrustedKey[] => {
    const now = clock.wallMs();
    return [...keyRing.current().values()].filter(
      ({ notBeforeMs, notAfterMs }) => notBeforeMs <= now && now <= notAfterMs,
    );
  };
  return {
    entry: (bytes, signature) => validKeys().some(({ material }) => material.verify(bytes, signature)),
    sheet: (bytes, { algo, sig }) => {
      if (algo !== SHEET_ALGORITHM || !HEX_SHA256.test(sig)) return false;
      const signature = new Uint8Array(Buffer.from(sig, 'hex'));
      return validKeys().some(
        ({ material }) => material.algorithm === 'hmac-sha256' && material.verify(bytes, signature),
      );
    },
  };
}
