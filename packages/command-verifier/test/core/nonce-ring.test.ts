import { monoMs } from '@esper/std';
import { describe, expect, it } from 'vitest';
import { NonceRing } from '../../src/core/nonce-ring.js';

const nonceOf = (n: number): Uint8Array => new Uint8Array(16).fill(n);
const add = (ring: NonceRing, n: number, keyId = 'key-a'): void =>
  ring.add({ nonce: nonceOf(n), keyId, issuedAtMs: 100 + n, claimedAt: monoMs(n) });

describe('a nonce ring', () => {
  it.each([0, -1, 1.5, Number.NaN])('is not made for %d nonces', (capacity) => {
    expect(() => new NonceRing(capacity, 0)).toThrow('the options have checked the capacity');
  });

  it('takes nonces of 16 bytes, and no more than it was made for', () => {
    const ring = new NonceRing(2, 0);
    expect(() => ring.has(new Uint8Array(15))).toThrow('a nonce has 16 bytes');
    add(ring, 1);
    add(ring, 2);
    expect(() => add(ring, 3)).toThrow('the caller refuses when the ring is full');
    expect([1, 2, 3].map((n) => ring.has(nonceOf(n)))).toEqual([true, true, false]);
  });

  it('drops from the oldest end, once its time is over and not before', () => {
    const ring = new NonceRing(4, 9);
    expect(ring.isOldestOver(monoMs(1000), 0)).toBe(false);
    for (const n of [1, 2, 3]) add(ring, n);
    expect(ring.isOldestOver(monoMs(51), 50)).toBe(false);
    expect(ring.isOldestOver(monoMs(52), 50)).toBe(true);
    expect([ring.dropOldest(), ring.dropOldest(), ring.size]).toEqual([101, 102, 1]);
    expect([1, 2, 3].map((n) => ring.has(nonceOf(n)))).toEqual([false, false, true]);
  });

  it('counts for each key while any of its entries is left', () => {
    const ring = new NonceRing(4, 9);
    add(ring, 1);
    add(ring, 2);
    add(ring, 3, 'key-b');
    ring.dropOldest();
    expect([ring.countOf('key-a'), ring.countOf('key-b'), ring.countOf('key-c')]).toEqual([1, 1, 0]);
    add(ring, 4);
    expect(ring.countOf('key-a')).toBe(2);
  });
});
