import type { UnixMs } from '@esper/std';
import { buildKeyRing, type KeyAge, type KeyRing, keyAges, type TrustedKey } from '../core/key-ring.js';
import { VerifierError } from '../errors.js';
import type { KeyRingSource } from '../ports.js';

/** The ring in force, replaceable without a restart: sealers and verifiers see the new keys with their next command. */
export class KeyRingHolder implements KeyRingSource {
  #ring: KeyRing;

  /** Throws `KEY_RING_INVALID`. An empty list is allowed: everything is then refused, and nothing sealed. */
  constructor(keys: readonly TrustedKey[]) {
    this.#ring = ringOf(keys);
  }

  current(): KeyRing {
    return this.#ring;
  }

  /** Puts new keys in force, all at once. Throws `KEY_RING_INVALID`; then, and for an empty list, the old ones stay. */
  replace(keys: readonly TrustedKey[]): void {
    if (keys.length === 0) throw new VerifierError('KEY_RING_INVALID', 'a reload must not leave the ring empty');
    this.#ring = ringOf(keys);
  }

  /** Ages and states for operators and metrics; no secrets. */
  ages(at: UnixMs): readonly KeyAge[] {
    return keyAges(this.#ring, at);
  }
}

/** A ring of these keys. Throws `KEY_RING_INVALID`. */
export const createKeyRing = (keys: readonly TrustedKey[]): KeyRingHolder => new KeyRingHolder(keys);

function ringOf(keys: readonly TrustedKey[]): KeyRing {
  const ring = buildKeyRing(keys);
  if (typeof ring === 'string') throw new VerifierError('KEY_RING_INVALID', ring);
  return ring;
}
