import type { UnixMs } from '@esper/std';
import { type Envelope, readEnvelope } from './envelope.js';
import { isKeyValid, type KeyRing, type TrustedKey } from './key-ring.js';
import type { Refusal } from './refusal.js';

/** What authentication needs to know. */
export interface TrustContext {
  readonly ring: KeyRing;
  readonly now: UnixMs;
  readonly commandBytesMax: number;
  /** How far the issuer's clock may be ahead of ours when it starts to use a key. */
  readonly futureSkewMs: number;
}

/** Bytes whose signature holds. Nothing behind the key ids was looked at. */
export interface Authentic {
  /** The first trusted key; the command counts as issued by it. */
  readonly key: TrustedKey;
  readonly audienceFrom: number;
}

/** A refusal, told apart from an answer by its `reason`. */
export const isRefusal = (value: object): value is Refusal => 'reason' in value;

interface CheckableSignature {
  readonly key: TrustedKey;
  readonly signature: Uint8Array;
}

/** First half of the checks: keys loaded, size, envelope, key, signature over the raw bytes. */
export function authenticate(bytes: Uint8Array, trust: TrustContext): Authentic | Refusal {
  if (trust.ring.size === 0) return { reason: 'verifier_unavailable' };
  if (bytes.length > trust.commandBytesMax) return { reason: 'command_too_large' };
  const envelope = readEnvelope(bytes);
  if (typeof envelope === 'string') return { reason: envelope };
  const checkable = selectKeys(envelope, trust);
  return 'reason' in checkable ? checkable : checkSignatures(bytes, envelope, checkable);
}

/** The signatures that name a valid key of the ring. Strangers' signatures are ignored beside one of ours. */
function selectKeys(envelope: Envelope, trust: TrustContext): readonly CheckableSignature[] | Refusal {
  const known: CheckableSignature[] = [];
  for (const named of envelope.signatures) {
    const key = trust.ring.get(named.keyId);
    if (key !== undefined) known.push({ key, signature: named.signature });
  }
  const first = known[0];
  if (first === undefined) return { reason: 'unknown_key' };
  const valid = known.filter(({ key }) => isKeyValid(key, trust.now, trust.futureSkewMs));
  return valid.length === 0 ? { reason: 'key_not_valid', keyId: first.key.keyId } : valid;
}

/** Every signature of a valid key must hold: a damaged second signature is not excused by a good first one. */
function checkSignatures(
  bytes: Uint8Array,
  envelope: Envelope,
  checkable: readonly CheckableSignature[],
): Authentic | Refusal {
  const signedPart = bytes.subarray(envelope.signedFrom);
  for (const { key, signature } of checkable)
    if (!key.material.verify(signedPart, signature)) return { reason: 'invalid_signature', keyId: key.keyId };
  const first = checkable[0];
  if (first === undefined) return { reason: 'unknown_key' };
  return { key: first.key, audienceFrom: envelope.audienceFrom };
}
