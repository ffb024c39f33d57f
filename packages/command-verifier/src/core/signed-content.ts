import { readEnvelope } from './envelope.js';
import type { RefusalReason } from './refusal.js';

/** What a command's signatures cover, and who signed. Nothing of it has been verified. */
export interface SignedContentOf {
  readonly keyIds: readonly string[];
  /** Domain tag, key ids, audience, header, payload: a view into the given bytes. */
  readonly content: Uint8Array;
}

/**
 * Takes the signed part out of an envelope, to compare it with another one byte by byte: the same command sealed again has the
 * same, whatever the keys. Verifies nothing: for whoever wants to trust the bytes there is the verifier.
 */
export function signedContentOf(bytes: Uint8Array): SignedContentOf | RefusalReason {
  const envelope = readEnvelope(bytes);
  if (typeof envelope === 'string') return envelope;
  return { keyIds: envelope.signatures.map(({ keyId }) => keyId), content: bytes.subarray(envelope.signedFrom) };
}
