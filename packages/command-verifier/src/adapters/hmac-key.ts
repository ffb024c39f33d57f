import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { KeyMaterial } from '../core/key-ring.js';
import { VerifierError } from '../errors.js';

/** Bytes a secret must have. */
export const SECRET_BYTES_MIN = 32;
const DIGEST_BYTES = 32;

/** Extra permission for a secret. */
export interface HmacKeyOptions {
  /** `compatibility` allows fewer than 32 bytes, for neighbours whose secret we did not choose; never fewer than one. */
  readonly shortSecret?: 'compatibility';
}

/**
 * HMAC-SHA256 with a secret of at least 32 bytes. The secret is copied into the crypto library once and never comes out.
 * Throws `KEY_TOO_SHORT`.
 */
export function hmacKey(secret: Uint8Array, options: HmacKeyOptions = {}): KeyMaterial {
  const bytesMin = options.shortSecret === 'compatibility' ? 1 : SECRET_BYTES_MIN;
  if (secret.length < bytesMin)
    throw new VerifierError('KEY_TOO_SHORT', `a secret of ${secret.length} bytes, at least ${bytesMin} are needed`);
  const key = createSecretKey(secret);
  const digest = (message: Uint8Array): Uint8Array => createHmac('sha256', key).update(message).digest();
  return Object.freeze({
    algorithm: 'hmac-sha256' as const,
    sign: digest,
    verify: (message: Uint8Array, signature: Uint8Array) =>
      signature.length === DIGEST_BYTES && timingSafeEqual(digest(message), signature),
  });
}
