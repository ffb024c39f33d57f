import { createHash } from 'node:crypto';

/** The first 16 bytes of SHA-256: a nonce for ids that may be any text. */
export const textDigest = Object.freeze({
  nonceOf: (commandId: string): Uint8Array => createHash('sha256').update(commandId, 'utf8').digest().subarray(0, 16),
});
