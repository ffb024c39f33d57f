import type { KeyAge } from './key-ring.js';

/** Something about a ring that an operator has to act on. */
export interface KeyConcern {
  /**
   * `no_signing_key`: nothing can be sealed. `not_valid`: a current key is outside its dates. `runs_out_soon`: so does
   * every key that signs; rotate now.
   */
  readonly kind: 'no_signing_key' | 'not_valid' | 'runs_out_soon';
  /** Absent for `no_signing_key`. */
  readonly keyId?: string;
}

/**
 * What is wrong with a ring at the issuer, the worst first; empty when all is well. `noticeMs`: how long before its end a
 * key must have a successor that signs.
 */
export function keyConcerns(ages: readonly KeyAge[], noticeMs: number): readonly KeyConcern[] {
  const signing = ages.filter((key) => key.signs && key.valid);
  const missing: readonly KeyConcern[] = signing.length === 0 ? [{ kind: 'no_signing_key' }] : [];
  const invalid = ages
    .filter((key) => key.state === 'current' && !key.valid)
    .map(({ keyId }): KeyConcern => ({ kind: 'not_valid', keyId }));
  const isEnding = signing.every((key) => key.expiresInMs < noticeMs);
  const ending = isEnding ? signing.map(({ keyId }): KeyConcern => ({ kind: 'runs_out_soon', keyId })) : [];
  return [...missing, ...invalid, ...ending];
}
