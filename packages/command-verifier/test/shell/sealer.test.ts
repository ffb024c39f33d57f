import { FakeClock } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { createKeyRing, createSealer, type SealerOptions, type SealRequest, type TrustedKey } from '../../src/index.js';
import { hmacKey } from '../../src/node.js';
import { makeBench, makeKey, pauseDraft, START_MS, seededIds, verdict } from '../support/fixtures.js';

const REQUEST: SealRequest = {
  trainingRunId: 'run-1',
  consumer: 'kasmina',
  issuerEpoch: 3,
  sequence: 10,
  expiresInMs: 1000,
};

const makeSealer = (keys: readonly TrustedKey[] = [makeKey('key-a')], options: SealerOptions = {}) =>
  createSealer({ keyRing: createKeyRing(keys), clock: new FakeClock(START_MS), ids: seededIds(), options });

const codeOf = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
  return 'no error';
};

describe('seal', () => {
  it('demands a strictly rising sequence and an epoch that does not fall, per run', () => {
    const sealer = makeSealer();
    const seal = (overrides: Partial<SealRequest>) =>
      codeOf(() => sealer.seal(pauseDraft, { ...REQUEST, ...overrides }));
    expect(seal({})).toBe('no error');
    expect(seal({})).toBe('SEAL_SEQUENCE_NOT_RISING');
    expect(seal({ sequence: 9 })).toBe('SEAL_SEQUENCE_NOT_RISING');
    expect(seal({ sequence: 9, issuerEpoch: 4 })).toBe('SEAL_SEQUENCE_NOT_RISING');
    expect(seal({ sequence: 11, issuerEpoch: 2 })).toBe('SEAL_SEQUENCE_NOT_RISING');
    expect(seal({ trainingRunId: 'run-2', sequence: 1, issuerEpoch: 0 })).toBe('no error');
    expect(seal({ sequence: 11 })).toBe('no error');
    expect(seal({ sequence: 20, issuerEpoch: 4 })).toBe('no error');
  });

  it('a failure uses up no sequence number', () => {
    const sealer = makeSealer();
    expect(codeOf(() => sealer.seal({ ...pauseDraft, issuedBy: '' }, REQUEST))).toBe('LEYLINE_INVALID');
    expect(codeOf(() => sealer.seal(pauseDraft, REQUEST))).toBe('no error');
  });

  it('remembers a bounded number of runs', () => {
    const sealer = makeSealer(undefined, { runsMax: 2 });
    for (const trainingRunId of ['a', 'b', 'c']) sealer.seal(pauseDraft, { ...REQUEST, trainingRunId });
    for (const trainingRunId of ['b', 'c'])
      expect(codeOf(() => sealer.seal(pauseDraft, { ...REQUEST, trainingRunId }))).toBe('SEAL_SEQUENCE_NOT_RISING');
    expect(codeOf(() => sealer.seal(pauseDraft, { ...REQUEST, trainingRunId: 'a' }))).toBe('no error');
  });

  it.each([
    [{ trainingRunId: '' }, 'trainingRunId must have 1 to 1024 bytes, has 0'],
    [{ trainingRunId: 'é'.repeat(513) }, 'trainingRunId must have 1 to 1024 bytes, has 1026'],
    [{ trainingRunId: 'run-\ud800' }, 'trainingRunId is not well-formed text'],
    [{ consumer: 'k'.repeat(65) }, 'consumer must have 1 to 64 bytes, has 65'],
    [{ issuerEpoch: -1 }, 'issuerEpoch must be a safe integer from 0, got -1'],
    [{ sequence: 2 ** 53 }, 'sequence must be a safe integer from 0, got 9007199254740992'],
    [{ sequence: Number.NaN }, 'sequence must be a safe integer from 0, got NaN'],
    [{ expiresInMs: 0 }, 'expiresInMs must be a safe integer from 1, got 0'],
  ])('refuses %o by name', (overrides, message) => {
    expect(() => makeSealer().seal(pauseDraft, { ...REQUEST, ...overrides })).toThrow(message);
  });

  it('accepts the bounds themselves', async () => {
    const { sealer } = makeBench();
    const request = {
      ...REQUEST,
      trainingRunId: 'é'.repeat(512),
      consumer: 'k'.repeat(64),
      issuerEpoch: 0,
      sequence: 0,
    };
    const sealed = sealer.seal(pauseDraft, request);
    const { verifier } = makeBench({ audience: request });
    expect(await verdict(verifier, sealed.bytes)).toBe('ok');
  });

  it('signs with current keys within their dates, and with no other', () => {
    const keyIds = (keys: readonly TrustedKey[]) => makeSealer(keys).seal(pauseDraft, REQUEST).keyIds;
    const verifyOnly = { algorithm: 'hmac-sha256' as const, verify: () => true };
    expect(
      keyIds([makeKey('key-a'), makeKey('key-b', { state: 'next' }), makeKey('key-c', { state: 'retired' })]),
    ).toEqual(['key-a']);
    expect(keyIds([makeKey('key-a'), makeKey('key-b', { material: verifyOnly })])).toEqual(['key-a']);
    expect(keyIds([makeKey('key-a'), makeKey('key-b', { notBeforeMs: START_MS + 1 })])).toEqual(['key-a']);
    for (const key of [makeKey('k', { state: 'next' }), makeKey('k', { notAfterMs: START_MS - 1 })])
      expect(codeOf(() => makeSealer([key]).seal(pauseDraft, REQUEST))).toBe('SEAL_NO_SIGNING_KEY');
    expect(codeOf(() => makeSealer([]).seal(pauseDraft, REQUEST))).toBe('SEAL_NO_SIGNING_KEY');
  });

  it('refuses a command over the size limit', () => {
    const { length } = makeSealer().seal(pauseDraft, REQUEST).bytes;
    const sealWith = (commandBytesMax: number) => () =>
      makeSealer(undefined, { commandBytesMax }).seal(pauseDraft, REQUEST);
    expect(codeOf(sealWith(length))).toBe('no error');
    expect(codeOf(sealWith(length - 1))).toBe('SEAL_TOO_LARGE');
  });

  it('SV-16, G-16: writes the typed security metadata and keeps what the decision says', () => {
    const { sealer, verifier } = makeBench();
    const risk = { reason: 'policy', reasons: ['policy'], conservative: false, changed: false };
    const sealed = sealer.seal({ ...pauseDraft, decision: { risk } }, { ...REQUEST, expiresInMs: 5000 });
    return verifier.verify(sealed.bytes).then((result) => {
      expect(result.ok && result.value.decision).toEqual({
        risk,
        security: { keyIds: ['key-a'], freshnessWindowMs: 60_000 },
      });
    });
  });

  it('SV-04: sealing comes last: any change to the bytes afterwards breaks the signature', async () => {
    const { verifier, sealNext } = makeBench();
    const sealed = sealNext();
    for (let index = 0; index < sealed.length; index++) {
      const changed = Uint8Array.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ 0x10;
      expect(await verdict(verifier, changed), `byte ${index}`).not.toBe('ok');
    }
    expect(await verdict(verifier, sealed)).toBe('ok');
  });

  it('refuses short secrets unless they are allowed for compatibility', () => {
    expect(codeOf(() => hmacKey(new Uint8Array(31)))).toBe('KEY_TOO_SHORT');
    expect(codeOf(() => hmacKey(new Uint8Array(32)))).toBe('no error');
    expect(codeOf(() => hmacKey(new Uint8Array(1), { shortSecret: 'compatibility' }))).toBe('no error');
    expect(codeOf(() => hmacKey(new Uint8Array(0), { shortSecret: 'compatibility' }))).toBe('KEY_TOO_SHORT');
  });
});
