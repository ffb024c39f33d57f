import { unixMs } from '@esper/std';
import { describe, expect, it } from 'vitest';
import { createKeyRing, promoteKey } from '../../src/index.js';
import { makeKey, START_MS } from '../support/fixtures.js';

const NOW = unixMs(START_MS);

describe('a key ring', () => {
  it.each([
    ['a name with a slash', [makeKey('a/b')], 'a key id is not'],
    ['the same name twice', [makeKey('key-a'), makeKey('key-a')], 'key key-a occurs twice'],
    [
      'dates the wrong way round',
      [makeKey('k', { notBeforeMs: 2, notAfterMs: 1 })],
      'notAfterMs is before notBeforeMs',
    ],
    [
      'a date that is no number',
      [makeKey('k', { createdAtMs: Number.NaN })],
      'createdAtMs is not a time in milliseconds: NaN',
    ],
    ['a negative date', [makeKey('k', { notBeforeMs: -1 })], 'notBeforeMs is not a time in milliseconds: -1'],
    ['65 keys', Array.from({ length: 65 }, (_, n) => makeKey(`k${n}`, { state: 'next' })), '65 keys, at most 64'],
    ['5 signing keys', Array.from({ length: 5 }, (_, n) => makeKey(`k${n}`)), '5 current keys, at most 4'],
  ])('refuses %s', (_, keys, message) => {
    expect(() => createKeyRing(keys)).toThrow(message);
  });

  it('takes the limits themselves: 64 keys, four that sign beside others that do not, dates from 0 on', () => {
    const waiting = Array.from({ length: 59 }, (_, n) => makeKey(`next-${n}`, { state: 'next' }));
    const signing = Array.from({ length: 4 }, (_, n) => makeKey(`k${n}`));
    const { sign: _sign, ...verifyOnly } = makeKey('public').material;
    const all = [...waiting, ...signing, makeKey('public', { material: verifyOnly })];
    expect(createKeyRing(all).current().size).toBe(64);
    const instant = { createdAtMs: 0, notBeforeMs: 0, notAfterMs: 0 };
    expect(createKeyRing([makeKey('k', instant)]).ages(unixMs(0))[0]?.valid).toBe(true);
  });

  it('keeps the old keys when a reload is bad or empty', () => {
    const ring = createKeyRing([makeKey('key-a')]);
    expect(() => ring.replace([makeKey('x'), makeKey('x')])).toThrow('occurs twice');
    expect(() => ring.replace([])).toThrow('must not leave the ring empty');
    expect([...ring.current().keys()]).toEqual(['key-a']);
    ring.replace([makeKey('key-b')]);
    expect([...ring.current().keys()]).toEqual(['key-b']);
  });

  it('reports ages and states, and no secrets', () => {
    const ring = createKeyRing([
      makeKey('key-a', { createdAtMs: START_MS - 500, notAfterMs: START_MS + 700 }),
      makeKey('key-b', { state: 'next', notBeforeMs: START_MS + 1 }),
    ]);
    const [a, b] = ring.ages(NOW);
    expect(a).toEqual({
      keyId: 'key-a',
      algorithm: 'hmac-sha256',
      state: 'current',
      signs: true,
      ageMs: 500,
      expiresInMs: 700,
      valid: true,
    });
    expect(b).toMatchObject({ state: 'next', signs: false, valid: false });
  });
});

describe('promoting a key', () => {
  const keys = [makeKey('old'), makeKey('new', { state: 'next' }), makeKey('older', { state: 'retired' })];

  it('retires the current keys for the overlap and touches no other', () => {
    const promoted = promoteKey(keys, 'new', { at: NOW, overlapMs: 70_000 });
    expect(promoted?.map(({ keyId, state, notAfterMs }) => [keyId, state, notAfterMs - START_MS])).toEqual([
      ['old', 'retired', 70_000],
      ['new', 'current', 86_400_000],
      ['older', 'retired', 86_400_000],
    ]);
    expect(keys.map((key) => key.state)).toEqual(['current', 'next', 'retired']);
  });

  it('never lengthens the life of the old key', () => {
    const promoted = promoteKey(
      [makeKey('old', { notAfterMs: START_MS + 5 }), makeKey('new', { state: 'next' })],
      'new',
      {
        at: NOW,
        overlapMs: 70_000,
      },
    );
    expect(promoted?.[0]?.notAfterMs).toBe(START_MS + 5);
  });

  it.each([
    ['unknown', 'nobody'],
    ['current', 'old'],
    ['retired', 'older'],
  ])('refuses a key that is %s', (_, keyId) => {
    expect(promoteKey(keys, keyId, { at: NOW, overlapMs: 1 })).toBeUndefined();
  });

  it('refuses a next key outside its dates', () => {
    const timing = { at: NOW, overlapMs: 1 };
    const early = makeKey('n', { state: 'next', notBeforeMs: START_MS + 1 });
    const late = makeKey('n', { state: 'next', notAfterMs: START_MS - 1 });
    const inTime = makeKey('n', { state: 'next', notBeforeMs: START_MS, notAfterMs: START_MS });
    expect(promoteKey([early], 'n', timing)).toBeUndefined();
    expect(promoteKey([late], 'n', timing)).toBeUndefined();
    expect(promoteKey([inTime], 'n', timing)).toBeDefined();
  });
});
