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

/**
 * A refusal, told apart from an answer by its `reason`. Read, not asked for with `in`: that costs the engine 0.7 µs when
 * the property is absent, as it is for every good command.
 */
export const isRefusal = (value: object): value is Refusal => (value as Partial<Refusal>).reason !== undefined;

/** First half of the checks: keys loaded, size, envelope, key, signature over the raw bytes. */
export function authenticate(bytes: Uint8Array, trust: TrustContext): Authentic | Refusal {
  if (trust.ring.size === 0) return { reason: 'verifier_unavailable' };
  if (bytes.length > trust.commandBytesMax) return { reason: 'command_too_large' };
  const envelope = readEnvelope(bytes);
  if (typeof envelope === 'string') return { reason: envelope };
  return checkSignatures(bytes, envelope, trust);
}

/**
 * Every signature that names a valid key of the ring must hold, and there must be one: a damaged second signature is not
 * excused by a good first one, and strangers' signatures are ignored beside one of ours.
 */
function checkSignatures(bytes: Uint8Array, envelope: Envelope, trust: TrustContext): Authentic | Refusal {
  const signedPart = bytes.subarray(envelope.signedFrom);
  let known: TrustedKey | undefined;
  let trusted: TrustedKey | undefined;
  for (const { keyId, signature } of envelope.signatures) {
    const key = trust.ring.get(keyId);
    known ??= key;
    if (key === undefined || !isKeyValid(key, trust.now, trust.futureSkewMs)) continue;
    trusted ??= key;
    if (!key.material.verify(signedPart, signature)) return { reason: 'invalid_signature', keyId };
  }
  if (known === undefined) return { reason: 'unknown_key' };
  if (trusted === undefined) return { reason: 'key_not_valid', keyId: known.keyId };
  return { key: trusted, audienceFrom: envelope.audienceFrom };
}
