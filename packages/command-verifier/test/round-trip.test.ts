import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ed25519PrivateKey, ed25519PublicKey, hmacKey } from '../src/node.js';
import { makeBench, makeKey, START_MS, seedDraft, verdict } from './support/fixtures.js';
import { forge } from './support/forge.js';

describe('seal, then verify', () => {
  it('gives back the command with its identity, once', async () => {
    const { sealer, verifier } = makeBench();
    const request = { trainingRunId: 'run-1', consumer: 'kasmina', issuerEpoch: 2, sequence: 7, expiresInMs: 30_000 };
    const sealed = sealer.seal(seedDraft, request);
    const result = await verifier.verify(sealed.bytes);
    if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.error)}`);
    expect(result.value).toEqual({
      ...seedDraft,
      ...sealed.identity,
      decision: { security: { keyIds: ['key-a'], freshnessWindowMs: 60_000 } },
    });
    expect(sealed.identity).toMatchObject({ issuerEpoch: 2, sequence: 7, issuedAtMs: START_MS });
    expect(await verdict(verifier, sealed.bytes)).toBe('nonce_replayed');
  });

  it('SV-01: drops an old signature annotation, gives a fresh UUID v4 and the present time', async () => {
    const { sealer, verifier } = makeBench();
    const old = { ...seedDraft, annotations: { signature: 'old', kept: 'yes' } };
    const request = { trainingRunId: 'run-1', consumer: 'kasmina', issuerEpoch: 1, expiresInMs: 1000 };
    const first = sealer.seal(old, { ...request, sequence: 1 });
    const second = sealer.seal(old, { ...request, sequence: 2 });
    expect(first.identity.commandId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(second.identity.commandId).not.toBe(first.identity.commandId);
    expect(first.identity).toMatchObject({ issuedAtMs: START_MS, expiresAtMs: START_MS + 1000 });
    const result = await verifier.verify(first.bytes);
    expect(result.ok && result.value.annotations).toEqual({ kept: 'yes' });
    expect(old.annotations).toEqual({ signature: 'old', kept: 'yes' });
  });

  it('signs with every current key, and any one of them is enough for a consumer', async () => {
    const both = makeBench({ keys: [makeKey('key-a'), makeKey('key-b'), makeKey('key-c', { state: 'next' })] });
    const sealed = both.sealNext();
    for (const keys of [[makeKey('key-a')], [makeKey('key-b')], [makeKey('key-b', { state: 'retired' })]])
      expect(await verdict(makeBench({ keys }).verifier, sealed)).toBe('ok');
    expect(await verdict(makeBench({ keys: [makeKey('key-c')] }).verifier, sealed)).toBe('unknown_key');
  });

  it('a consumer with the public half of an Ed25519 key verifies, and cannot seal', async () => {
    const { full, publicOnly } = ed25519Pair();
    const sealed = makeBench({ keys: [full] }).sealNext();
    const consumer = makeBench({ keys: [publicOnly] });
    expect(await verdict(consumer.verifier, sealed)).toBe('ok');
    expect(() => consumer.sealNext()).toThrow('no current key');
  });

  it('the algorithm belongs to the key: an HMAC made with the bytes of a public key is refused', async () => {
    const { publicOnly, pem, raw } = ed25519Pair();
    for (const secret of [Buffer.from(pem), Buffer.from(pem.trim()), raw]) {
      const confused = makeKey('ed-a', { material: hmacKey(secret) });
      const { verifier } = makeBench({ keys: [publicOnly] });
      expect(await verdict(verifier, forge({ keys: [confused] }))).toBe('invalid_signature');
      const digest = confused.material.sign?.(new Uint8Array(3)) ?? new Uint8Array();
      const padded = forge({ keys: [confused], signatures: [Buffer.concat([digest, digest])] });
      expect(await verdict(verifier, padded)).toBe('invalid_signature');
    }
  });
});

function ed25519Pair() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);
  const privatePem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const full = makeKey('ed-a', { material: ed25519PrivateKey(privatePem) });
  return { full, publicOnly: makeKey('ed-a', { material: ed25519PublicKey(pem) }), pem, raw };
}
