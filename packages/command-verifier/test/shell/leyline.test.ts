import { createHmac } from 'node:crypto';
import { readCommand } from '@esper/leyline/protobuf';
import { FakeClock } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import {
  createKeyRing,
  createLeylineSealer,
  createLeylineVerifier,
  createReplayGuard,
  type TrustedKey,
} from '../../src/index.js';
import { hmacKey, textDigest } from '../../src/node.js';
import { fromBase64, toBase64 } from '../../src/wire/base64-signature.js';
import { makeKey, pauseDraft, START_MS, seedDraft, seededIds } from '../support/fixtures.js';
import { MemoryJournal } from '../support/memory-journal.js';

const SECRET = 'test-secret';
const legacyKey = (overrides: Partial<TrustedKey> = {}): TrustedKey =>
  makeKey('leyline', {
    material: hmacKey(new TextEncoder().encode(SECRET), { shortSecret: 'compatibility' }),
    ...overrides,
  });

function makeLegacy(keys: readonly TrustedKey[] = [legacyKey()], journal?: MemoryJournal) {
  const clock = new FakeClock(START_MS);
  const keyRing = createKeyRing(keys);
  const opened = journal === undefined ? {} : { opened: journal.opened() };
  const replay = createReplayGuard({ clock, options: { sequence: 'any', capacity: 100 }, ...opened });
  return {
    clock,
    sealer: createLeylineSealer({ keyRing, clock, ids: seededIds() }),
    verifier: createLeylineVerifier({ keyRing, clock, replay, digest: textDigest }),
  };
}

describe('commands in the prototype’s form', () => {
  it('SV-02: the signature is HMAC-SHA256 in base64 over the canonical bytes without the annotation', () => {
    const { sealer } = makeLegacy();
    const sealed = sealer.seal({ ...seedDraft, annotations: { ...seedDraft.annotations, signature: 'old' } });
    const received = readCommand(sealed.bytes);
    if (!received.ok) throw new Error(received.error);
    const expected = createHmac('sha256', SECRET).update(received.value.signedBytes).digest('base64');
    expect(received.value.signature).toBe(expected);
    expect(sealed.signature).toBe(expected);
  });

  it('accepts what it seals, once', async () => {
    const { sealer, verifier } = makeLegacy();
    const sealed = sealer.seal(seedDraft);
    const result = await verifier.verify(sealed.bytes);
    expect(result.ok && result.value).toMatchObject({
      commandType: 'SEED',
      targetSeedId: 'seed-1',
      seedOperation: { operation: 'GERMINATE', blueprintId: 'BP001', parameters: { alpha: Math.fround(0.1) } },
      annotations: seedDraft.annotations,
      commandId: sealed.commandId,
      issuedAtMs: START_MS,
    });
    expect(await verifier.verify(sealed.bytes)).toMatchObject({ ok: false, error: { reason: 'nonce_replayed' } });
  });

  it('SV-03: a signature that is no base64 is refused, not thrown, whatever it holds', async () => {
    const { sealer, verifier } = makeLegacy();
    const { bytes, signature } = sealer.seal(pauseDraft);
    const variants = [
      'é'.repeat(44),
      '\u0000',
      ' '.repeat(44),
      signature.slice(0, 43),
      `${signature}\n`,
      signature.toLowerCase(),
    ].concat(signature.replace(/.=$/, 'x='), Buffer.from(signature, 'base64').toString('hex'), 'A'.repeat(100_000));
    for (const text of variants)
      expect(await verifier.verify(bytes, text), text.slice(0, 50)).toMatchObject({
        error: { reason: 'invalid_signature' },
      });
    expect(await verifier.verify(bytes, '')).toMatchObject({ error: { reason: 'missing_signature' } });
    expect(await verifier.verify(bytes, signature)).toMatchObject({ ok: true });
  });

  it('refuses by age, and journals like the envelope form', async () => {
    const journal = new MemoryJournal();
    const { clock, sealer, verifier } = makeLegacy(undefined, journal);
    const first = sealer.seal(pauseDraft);
    expect(await verifier.verify(first.bytes)).toMatchObject({ ok: true });
    expect(journal.steps).toHaveLength(1);
    const stale = sealer.seal(pauseDraft);
    clock.advance(60_001);
    expect(await verifier.verify(stale.bytes)).toMatchObject({ error: { reason: 'stale_command' } });
    journal.fail = new Error('disk');
    expect(await verifier.verify(sealer.seal(pauseDraft).bytes)).toMatchObject({
      error: { reason: 'replay_journal_failed' },
    });
  });

  it('counts every verdict exactly, and names key, command and age once the signature held', async () => {
    const { clock, sealer, verifier } = makeLegacy();
    const { bytes, commandId } = sealer.seal(pauseDraft);
    await verifier.verify(bytes);
    clock.advance(9);
    const replayed = await verifier.verify(bytes);
    const identity = { commandId, trainingRunId: 'leyline-v1', issuerEpoch: 0, sequence: 0, ageMs: 9 };
    expect(replayed).toEqual({ ok: false, error: { reason: 'nonce_replayed', keyId: 'leyline', identity } });
    await verifier.verify(bytes, 'AAAA');
    await verifier.verify(undefined as never);
    expect(verifier.counts()).toMatchObject({
      accepted: 1,
      refused: new Map([
        ['nonce_replayed', 1],
        ['invalid_signature', 1],
        ['verifier_unavailable', 1],
      ]),
    });
  });

  it('a refusal repeats no more than 128 characters of a command id, which may be any text here', async () => {
    const { clock, verifier } = makeLegacy();
    const ids = { commandId: () => 'x'.repeat(1000) };
    const { bytes } = createLeylineSealer({ keyRing: createKeyRing([legacyKey()]), clock, ids }).seal(pauseDraft);
    await verifier.verify(bytes);
    const again = await verifier.verify(bytes);
    expect(!again.ok && again.error.identity?.commandId).toBe('x'.repeat(128));
  });

  it('tries every valid HMAC key, and no other', async () => {
    const { sealer } = makeLegacy();
    const { bytes } = sealer.seal(pauseDraft);
    const reasonWith = async (keys: readonly TrustedKey[]) => {
      const result = await makeLegacy(keys).verifier.verify(bytes);
      return result.ok ? 'ok' : result.error.reason;
    };
    expect(await reasonWith([makeKey('key-b'), legacyKey({ state: 'retired' })])).toBe('ok');
    expect(await reasonWith([makeKey('key-b')])).toBe('invalid_signature');
    expect(await reasonWith([legacyKey({ notAfterMs: START_MS - 1 })])).toBe('key_not_valid');
    expect(await reasonWith([])).toBe('verifier_unavailable');
    expect(await reasonWith([legacyKey({ commandTypes: ['SEED'] })])).toBe('command_not_allowed');
  });

  it('bytes that are none, or too many, are refused', async () => {
    const { verifier } = makeLegacy();
    expect(await verifier.verify(Uint8Array.of(0xff))).toMatchObject({ error: { reason: 'malformed_envelope' } });
    expect(await verifier.verify(new Uint8Array(262_145))).toMatchObject({ error: { reason: 'command_too_large' } });
    expect(await verifier.verify(undefined as never)).toMatchObject({ error: { reason: 'verifier_unavailable' } });
  });

  it('needs an HMAC key to seal, and a guard without sequence numbers to verify', () => {
    const ed25519 = makeKey('ed', {
      material: { algorithm: 'ed25519', sign: () => new Uint8Array(64), verify: () => true },
    });
    expect(() => makeLegacy([ed25519]).sealer.seal(pauseDraft)).toThrow('HMAC');
    const clock = new FakeClock();
    const parts = { keyRing: createKeyRing([]), clock, digest: textDigest };
    expect(() => createLeylineVerifier({ ...parts, replay: createReplayGuard({ clock }) })).toThrow("sequence: 'any'");
    const short = createReplayGuard({ clock, options: { sequence: 'any', retentionMs: 1000 } });
    expect(() => createLeylineVerifier({ ...parts, replay: short })).toThrow('retentionMs');
  });
});

describe('base64', () => {
  it('is the standard one, both ways, for every length', () => {
    for (let length = 0; length < 70; length++) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index * 89 + length) & 255);
      const text = Buffer.from(bytes).toString('base64');
      expect(toBase64(bytes)).toBe(text);
      expect(fromBase64(text)).toEqual(bytes);
    }
  });

  it.each(['A', 'AA', 'AAA', 'AA=A', 'AB==', 'AAB=', 'AA-A', ' AAA', 'AAA=\n', '===='])('refuses %j', (text) => {
    expect(fromBase64(text)).toBeUndefined();
  });
});
