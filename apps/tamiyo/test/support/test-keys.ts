import { createKeyRing } from '@esper/command-verifier';
import { hmacKey } from '@esper/command-verifier/node';

const FOREVER = { createdAtMs: 0, notBeforeMs: 0, notAfterMs: 8_640_000_000_000_000 } as const;

/** The key that tests seal and verify with. */
export const httpKeyRing = () =>
  createKeyRing([{ keyId: 'k1', state: 'current', ...FOREVER, material: hmacKey(new Uint8Array(32).fill(7)) }]);
