import type { UnixMs } from '@esper/std';
import { concatBytes, lengthPrefixed } from './compose-envelope.js';
import { COMMAND_DOMAIN } from './envelope.js';
import { isKeyValid, type KeyRing, signingKeys } from './key-ring.js';
import type { RefusalReason } from './refusal.js';

/** A signature over bytes that are no command, for example a policy bundle's manifest. */
export interface DetachedSignature {
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** Keys, and when. */
export interface KeysAt {
  readonly ring: KeyRing;
  readonly now: UnixMs;
}

/** Bytes and what they are. */
export interface TaggedBytes {
  /** 1 to 64 of `a-z 0-9 .`, for example `esper.policy-bundle.v1`; never the tag of commands. */
  readonly domain: string;
  readonly bytes: Uint8Array;
}

const TEXT = new TextEncoder();

/** True for a tag that may be used for bytes other than commands. */
export const isDetachedDomain = (domain: string): boolean =>
  /^[a-z0-9][a-z0-9.-]{0,63}$/.test(domain) && domain !== COMMAND_DOMAIN;

/** One signature of each current key, none when no current key is valid. The domain tag is signed with the bytes. */
export const signTagged = ({ ring, now }: KeysAt, tagged: TaggedBytes): readonly DetachedSignature[] =>
  signingKeys(ring, now).map(({ keyId, sign }) => ({ keyId, signature: sign(preimage(tagged)) }));

/** `verified` when a valid key of the ring is named and all signatures of such keys hold; why not, otherwise. */
export function verifyTagged(
  { ring, now }: KeysAt,
  tagged: TaggedBytes,
  signatures: readonly DetachedSignature[],
): 'verified' | RefusalReason {
  if (ring.size === 0) return 'verifier_unavailable';
  if (signatures.length === 0) return 'missing_signature';
  const known = signatures.flatMap(({ keyId, signature }) => {
    const key = ring.get(keyId);
    return key === undefined ? [] : [{ key, signature }];
  });
  if (known.length === 0) return 'unknown_key';
  const valid = known.filter(({ key }) => isKeyValid(key, now, 0));
  if (valid.length === 0) return 'key_not_valid';
  const message = preimage(tagged);
  return valid.every(({ key, signature }) => key.material.verify(message, signature))
    ? 'verified'
    : 'invalid_signature';
}

/** Length-prefixed tag, length-prefixed bytes: no two domains share a message. */
const preimage = ({ domain, bytes }: TaggedBytes): Uint8Array =>
  concatBytes([lengthPrefixed(TEXT.encode(domain)), lengthPrefixed(bytes)]);
