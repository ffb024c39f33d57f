import type { UnixMs } from '@esper/std';
import type { KeyState } from './key-ring.js';

/** What rotation changes of a key: the entry of a ring file, or a key in memory. */
export interface RotatableKey {
  readonly keyId: string;
  readonly state: KeyState;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** When, and how long the old key still verifies (at least freshness window plus skew). */
export interface RotationTiming {
  readonly at: UnixMs;
  readonly overlapMs: number;
}

/**
 * Makes `keyId`, until now `next`, the current key, and retires every current key: they sign no more and verify for
 * `overlapMs`. Returns `undefined` when `keyId` is not a `next` key that is valid at `at`. Distribute the ring with the
 * `next` key to all consumers before promoting it at the issuer: then no command is ever refused.
 */
export function promoteKey<Key extends RotatableKey>(
  keys: readonly Key[],
  keyId: string,
  timing: RotationTiming,
): readonly Key[] | undefined {
  const next = keys.find((key) => key.keyId === keyId);
  if (next?.state !== 'next' || timing.at < next.notBeforeMs || timing.at > next.notAfterMs) return undefined;
  return keys.map((key): Key => {
    if (key === next) return { ...key, state: 'current' };
    if (key.state !== 'current') return key;
    return { ...key, state: 'retired', notAfterMs: Math.min(key.notAfterMs, timing.at + timing.overlapMs) };
  });
}
