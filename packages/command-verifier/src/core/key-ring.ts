import type { CommandType } from '@esper/leyline';
import type { UnixMs } from '@esper/std';
import { isKeyId, SIGNATURES_MAX } from './envelope.js';

/** What a key does. It belongs to the key; a message never chooses it. */
export type KeyAlgorithm = 'hmac-sha256' | 'ed25519';

/** Only `current` keys sign. All three verify, within their dates. */
export type KeyState = 'next' | 'current' | 'retired';

/** Keys in one ring. */
export const KEYS_MAX = 64;

/** The secret or public half of a key, behind functions. Made by the adapters; its bytes never come out. */
export interface KeyMaterial {
  readonly algorithm: KeyAlgorithm;
  /** Absent when this side only verifies. */
  readonly sign?: (message: Uint8Array) => Uint8Array;
  /** Constant time; false, never thrown, for a signature of the wrong length or form. */
  readonly verify: (message: Uint8Array, signature: Uint8Array) => boolean;
}

/** A key with its name, dates and rights. */
export interface TrustedKey {
  /** 1 to 64 of `A-Z a-z 0-9 . _ -`. */
  readonly keyId: string;
  readonly state: KeyState;
  readonly createdAtMs: number;
  readonly notBeforeMs: number;
  /** The last millisecond it is valid. */
  readonly notAfterMs: number;
  /** Which types of command it may issue; absent: all. */
  readonly commandTypes?: readonly CommandType[];
  readonly material: KeyMaterial;
}

/** Keys by id. Immutable. */
export type KeyRing = ReadonlyMap<string, TrustedKey>;

/** A key as an operator sees it. */
export interface KeyAge {
  readonly keyId: string;
  readonly algorithm: KeyAlgorithm;
  readonly state: KeyState;
  readonly signs: boolean;
  readonly ageMs: number;
  /** Negative once it has run out. */
  readonly expiresInMs: number;
  readonly valid: boolean;
}

/** A ring of these keys, or what is wrong with them, in words. */
export function buildKeyRing(keys: readonly TrustedKey[]): KeyRing | string {
  if (keys.length > KEYS_MAX) return `${keys.length} keys, at most ${KEYS_MAX} are allowed`;
  const ring = new Map<string, TrustedKey>();
  for (const key of keys) {
    const fault = keyFault(key);
    if (fault !== undefined) return fault;
    if (ring.has(key.keyId)) return `key ${key.keyId} occurs twice`;
    ring.set(key.keyId, Object.freeze({ ...key }));
  }
  const currents = keys.filter((key) => key.state === 'current' && key.material.sign !== undefined);
  if (currents.length > SIGNATURES_MAX)
    return `${currents.length} current keys, at most ${SIGNATURES_MAX} sign together`;
  return ring;
}

function keyFault(key: TrustedKey): string | undefined {
  if (!isKeyId(key.keyId)) return 'a key id is not 1 to 64 of A-Z a-z 0-9 . _ -';
  for (const [name, value] of Object.entries({
    createdAtMs: key.createdAtMs,
    notBeforeMs: key.notBeforeMs,
    notAfterMs: key.notAfterMs,
  }))
    if (!Number.isSafeInteger(value) || value < 0)
      return `key ${key.keyId}: ${name} is not a time in milliseconds: ${value}`;
  if (key.notAfterMs < key.notBeforeMs) return `key ${key.keyId}: notAfterMs is before notBeforeMs`;
  return undefined;
}

/** Valid to verify with at `at`. `skewMs`: how far the issuer's clock may be ahead of ours when it starts to use a key. */
export const isKeyValid = (key: TrustedKey, at: UnixMs, skewMs: number): boolean =>
  at + skewMs >= key.notBeforeMs && at <= key.notAfterMs;

/** A key that signs now. */
export interface SigningKey {
  readonly keyId: string;
  readonly algorithm: KeyAlgorithm;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** The keys that sign at `at`: current, within their dates, with a signing half; in the ring's order. */
export const signingKeys = (ring: KeyRing, at: UnixMs): readonly SigningKey[] =>
  [...ring.values()].flatMap((key) => {
    const { algorithm, sign } = key.material;
    if (key.state !== 'current' || sign === undefined || !isKeyValid(key, at, 0)) return [];
    return [{ keyId: key.keyId, algorithm, sign }];
  });

/** Ages and states for operators and metrics; no secrets. */
export const keyAges = (ring: KeyRing, at: UnixMs): readonly KeyAge[] =>
  [...ring.values()].map((key) => ({
    keyId: key.keyId,
    algorithm: key.material.algorithm,
    state: key.state,
    signs: key.state === 'current' && key.material.sign !== undefined,
    ageMs: at - key.createdAtMs,
    expiresInMs: key.notAfterMs - at,
    valid: isKeyValid(key, at, 0),
  }));
