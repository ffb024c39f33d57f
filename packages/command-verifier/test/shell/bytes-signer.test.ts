import { FakeClock } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { createBytesSigner, createKeyRing, type TrustedKey } from '../../src/index.js';
import { makeBench, makeKey, START_MS, verdict } from '../support/fixtures.js';
import { forge } from '../support/forge.js';

const signerOf = (keys: readonly TrustedKey[]) =>
  createBytesSigner({ keyRing: createKeyRing(keys), clock: new FakeClock(START_MS) });
const manifest = { domain: 'esper.policy-bundle.v1', bytes: Uint8Array.of(1, 2, 3) };

describe('signatures over other bytes', () => {
  it('hold for these bytes under this tag, and for nothing else', () => {
    const signer = signerOf([makeKey('key-a'), makeKey('key-b')]);
    const signatures = signer.signBytes(manifest);
    expect(signatures.map(({ keyId }) => keyId)).toEqual(['key-a', 'key-b']);
    expect(signer.verifyBytes(manifest, signatures)).toBe('verified');
    expect(signer.verifyBytes({ ...manifest, bytes: Uint8Array.of(1, 2) }, signatures)).toBe('invalid_signature');
    expect(signer.verifyBytes({ ...manifest, domain: 'esper.policy-bundle.v' }, signatures)).toBe('invalid_signature');
    expect(signer.verifyBytes({ domain: 'esper.policy-bundle.v11', bytes: Uint8Array.of(2, 3) }, signatures)).toBe(
      'invalid_signature',
    );
  });

  it('need a known valid key, and every one of those must hold', () => {
    const [a, b] = signerOf([makeKey('key-a'), makeKey('key-b')]).signBytes(manifest);
    if (a === undefined || b === undefined) throw new Error('two keys sign');
    const onlyA = signerOf([makeKey('key-a')]);
    expect(onlyA.verifyBytes(manifest, [a, b])).toBe('verified');
    expect(onlyA.verifyBytes(manifest, [b])).toBe('unknown_key');
    expect(onlyA.verifyBytes(manifest, [])).toBe('missing_signature');
    expect(signerOf([]).verifyBytes(manifest, [a])).toBe('verifier_unavailable');
    expect(signerOf([makeKey('key-a', { notAfterMs: START_MS - 1 })]).verifyBytes(manifest, [a])).toBe('key_not_valid');
    const both = signerOf([makeKey('key-a'), makeKey('key-b')]);
    expect(both.verifyBytes(manifest, [a, { ...b, signature: a.signature }])).toBe('invalid_signature');
  });

  it('never use the tag of commands', async () => {
    const signer = signerOf([makeKey('key-a')]);
    for (const domain of ['esper.command.v1', '', 'UPPER', 'a'.repeat(65), 'ü'])
      expect(() => signer.signBytes({ ...manifest, domain })).toThrow('domain must be');
    expect(signer.verifyBytes({ ...manifest, domain: 'esper.command.v1' }, [])).toBe('wrong_domain');
    expect(() => signerOf([]).signBytes(manifest)).toThrow('no current key');
    // Signed as a bundle, shown as a command.
    expect(await verdict(makeBench().verifier, forge({ domain: 'esper.policy-bundle.v1' }))).toBe('wrong_domain');
  });
});
