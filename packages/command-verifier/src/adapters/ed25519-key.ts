import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { KeyMaterial } from '../core/key-ring.js';
import { VerifierError } from '../errors.js';

const SIGNATURE_BYTES = 64;

/**
 * The verifying half of an Ed25519 key, from PEM text (SPKI): for consumers that must not be able to sign. Throws
 * `KEY_FILE_UNREADABLE` for anything else.
 */
export const ed25519PublicKey = (pem: string): KeyMaterial => material(parse(pem, createPublicKey));

/** Both halves of an Ed25519 key, from PEM text (PKCS#8). Throws `KEY_FILE_UNREADABLE` for anything else. */
export function ed25519PrivateKey(pem: string): KeyMaterial {
  const privateKey = parse(pem, createPrivateKey);
  const publicHalf = material(createPublicKey(privateKey));
  return Object.freeze({ ...publicHalf, sign: (message: Uint8Array) => sign(null, message, privateKey) });
}

function material(publicKey: KeyObject): KeyMaterial {
  return Object.freeze({
    algorithm: 'ed25519' as const,
    verify: (message: Uint8Array, signature: Uint8Array) =>
      signature.length === SIGNATURE_BYTES && verify(null, message, publicKey, signature),
  });
}

function parse(pem: string, read: (pem: string) => KeyObject): KeyObject {
  let key: KeyObject;
  try {
    key = read(pem);
  } catch {
    // The library's own error may quote the text it was given.
    throw new VerifierError('KEY_FILE_UNREADABLE', 'not a PEM key');
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw new VerifierError('KEY_FILE_UNREADABLE', `expected an Ed25519 key, got ${key.asymmetricKeyType}`);
}
