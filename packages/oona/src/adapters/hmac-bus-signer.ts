import { createHmac, timingSafeEqual } from 'node:crypto';
import { OonaError } from '../errors.js';
import type { BusSigner } from '../redis-ports.js';

/**
 * HMAC-SHA256 over the entry's bytes, as base64 with padding: what the prototype's clients write and check. The key is used as it is,
 * without trimming. Throws `OONA_OPTION_INVALID` for an empty secret: a bus without one would believe anybody.
 */
export function hmacBusSigner(secret: Uint8Array | string): BusSigner {
  const key = Buffer.from(secret);
  if (key.byteLength === 0) throw new OonaError('OONA_OPTION_INVALID', 'the secret of the bus is empty');
  const digest = (bytes: Uint8Array): Buffer => createHmac('sha256', key).update(bytes).digest();
  return {
    sign: (bytes) => digest(bytes).toString('base64'),
    verify: (bytes, signature) => {
      // Compared as text, so that no second spelling of a signature passes.
      const wanted = Buffer.from(digest(bytes).toString('base64'));
      const given = Buffer.from(signature);
      return given.byteLength === wanted.byteLength && timingSafeEqual(given, wanted);
    },
  };
}
