import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/compose-envelope.js';
import { readEnvelope } from '../../src/core/envelope.js';
import {
  commandIdText,
  isCommandId,
  readIdentityHeader,
  readSignedSpans,
  writeIdentityHeader,
} from '../../src/core/signed-part.js';
import { makeKey } from '../support/fixtures.js';
import { forge, forgeHeader } from '../support/forge.js';

const twoKeys = [makeKey('key-a'), makeKey('key-b')];
const signature = new Uint8Array(32);

describe('the outside of an envelope', () => {
  it('names each signature by the key at the same place', () => {
    const bytes = forge({ keys: twoKeys });
    const envelope = readEnvelope(bytes);
    if (typeof envelope === 'string') throw new Error(envelope);
    expect(envelope.signatures.map(({ keyId }) => keyId)).toEqual(['key-a', 'key-b']);
    const signedPart = bytes.subarray(envelope.signedFrom);
    for (const [index, { signature: given }] of envelope.signatures.entries())
      expect(twoKeys[index]?.material.verify(signedPart, given)).toBe(true);
  });

  it('refuses every cut before the audience, and never reads beyond the end', () => {
    const bytes = forge({ keys: twoKeys });
    const envelope = readEnvelope(bytes);
    if (typeof envelope === 'string') throw new Error(envelope);
    for (let length = 0; length < envelope.audienceFrom; length++)
      expect(readEnvelope(bytes.subarray(0, length)), `${length} bytes`).toBe('malformed_envelope');
    expect(readEnvelope(bytes.subarray(0, envelope.audienceFrom))).toMatchObject({ signedFrom: envelope.signedFrom });
  });

  it.each([
    ['another magic', (bytes: Uint8Array) => bytes.fill(0x58, 0, 1), 'malformed_envelope'],
    ['another version', (bytes: Uint8Array) => bytes.fill(0x32, 3, 4), 'malformed_envelope'],
    ['no signature', (bytes: Uint8Array) => bytes.fill(0, 4, 5), 'missing_signature'],
    ['five signatures', (bytes: Uint8Array) => bytes.fill(5, 4, 5), 'malformed_envelope'],
    ['a signature that goes beyond the end', (bytes: Uint8Array) => bytes.subarray(0, 20), 'malformed_envelope'],
    ['an empty signature', (bytes: Uint8Array) => bytes.fill(0, 5, 6), 'malformed_envelope'],
  ])('%s', (_, change, reason) => {
    expect(readEnvelope(change(forge()))).toBe(reason);
  });

  it.each([
    ['a key named twice', { keyIds: ['key-a', 'key-a'], signatures: [signature, signature] }],
    ['more names than signatures', { keyIds: ['key-a', 'key-b'], signatures: [signature] }],
    ['fewer names than signatures', { keyIds: ['key-a'], signatures: [signature, signature] }],
    ['a name with a space', { keyIds: ['key a'], signatures: [signature] }],
    ['a name over 64 bytes', { keyIds: ['k'.repeat(65)], signatures: [signature] }],
  ])('%s', (_, forgery) => {
    expect(readEnvelope(forge(forgery))).toBe('malformed_envelope');
  });

  it('five signatures are refused even when everything else is right', () => {
    const four = forge({ keyIds: ['a', 'b', 'c', 'd', 'e'], signatures: [1, 2, 3, 4].map(() => signature) });
    const five = concatBytes([four.subarray(0, 4), Uint8Array.of(5, 1, 0), four.subarray(5)]);
    expect(readEnvelope(five)).toBe('malformed_envelope');
  });

  it('an empty name is refused, and one that goes beyond the list of names', () => {
    const bytes = forge();
    const nameLengthAt = 5 + 33 + 4 + 'esper.command.v1'.length + 4;
    expect(bytes[nameLengthAt]).toBe('key-a'.length);
    for (const length of [0, 4, 6, 64]) {
      const changed = Uint8Array.from(bytes);
      changed[nameLengthAt] = length;
      expect(readEnvelope(changed), `length ${length}`).toBe('malformed_envelope');
    }
    expect(readEnvelope(forge({ keyIds: [''], signatures: [signature] }))).toBe('malformed_envelope');
  });

  it('takes names of 1 to 64 characters and up to four signatures', () => {
    const keyIds = ['k', 'A.b_c-9', 'k'.repeat(64), 'd'];
    const envelope = readEnvelope(forge({ keyIds, signatures: keyIds.map(() => signature) }));
    expect(typeof envelope === 'string' ? envelope : envelope.signatures.map((named) => named.keyId)).toEqual(keyIds);
  });

  it('tells another domain from damage', () => {
    for (const domain of ['esper.command.v2', 'esper.command.v', 'esper.command.v11', ''])
      expect(readEnvelope(forge({ domain }))).toBe('wrong_domain');
  });
});

describe('the signed part', () => {
  const spansOf = (bytes: Uint8Array) => {
    const envelope = readEnvelope(bytes);
    return typeof envelope === 'string' ? envelope : readSignedSpans(bytes, envelope.audienceFrom);
  };

  it.each([
    ['an empty run', { run: '' }],
    ['a run over 1024 bytes', { run: 'r'.repeat(1025) }],
    ['an empty consumer', { consumer: '' }],
    ['a consumer over 64 bytes', { consumer: 'c'.repeat(65) }],
    ['a short header', { header: new Uint8Array(47) }],
    ['a long header', { header: new Uint8Array(49) }],
    ['an empty payload', { payload: new Uint8Array() }],
    ['bytes behind the payload', { trailing: Uint8Array.of(0) }],
  ])('refuses %s', (_, forgery) => {
    expect(spansOf(forge(forgery))).toBeUndefined();
  });

  it('refuses every cut behind the key ids', () => {
    const bytes = forge();
    const envelope = readEnvelope(bytes);
    if (typeof envelope === 'string') throw new Error(envelope);
    for (let length = envelope.audienceFrom; length < bytes.length; length++)
      expect(readSignedSpans(bytes.subarray(0, length), envelope.audienceFrom), `${length} bytes`).toBeUndefined();
  });

  it('reads back what was written, for all ids and numbers', () => {
    const whole = fc.maxSafeNat();
    fc.assert(
      fc.property(fc.uuid({ version: 4 }), fc.tuple(whole, whole, whole, whole), (commandId, numbers) => {
        const [issuerEpoch, sequence, issuedAtMs, expiresAtMs] = numbers;
        const header = writeIdentityHeader({ commandId, issuerEpoch, sequence, issuedAtMs, expiresAtMs });
        const read = readIdentityHeader(header, { from: 0, to: 48 });
        expect(read).toMatchObject({ issuerEpoch, sequence, issuedAtMs, expiresAtMs });
        expect(commandIdText(read?.commandId ?? new Uint8Array())).toBe(commandId);
      }),
    );
  });

  it.each(['issuerEpoch', 'sequence', 'issuedAtMs', 'expiresAtMs'])('refuses %s beyond 2^53 - 1', (field) => {
    const read = (value: bigint) => readIdentityHeader(forgeHeader({ [field]: value }), { from: 0, to: 48 });
    expect(read(2n ** 53n - 1n)).toMatchObject({ [field]: Number.MAX_SAFE_INTEGER });
    expect(read(2n ** 53n)).toBeUndefined();
    expect(read(2n ** 64n - 1n)).toBeUndefined();
  });

  it('an id is the whole text, in lower case', () => {
    const id = '11111111-2222-4333-8444-555555555555';
    expect([id, `x${id}`, `${id}x`, `${id}\n`, id.replace('4333', '5333'), 'A'.repeat(36)].map(isCommandId)).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  it('takes UUIDs of version 4 and the id of no command, and nothing else', () => {
    const read = (commandId: string) => readIdentityHeader(forgeHeader({ commandId }), { from: 0, to: 48 });
    expect(read('00000000000000000000000000000000')).toBeDefined();
    expect(read('00000000000040008000000000000001')).toBeDefined();
    for (const id of [
      '00000000000010008000000000000001',
      '00000000000050008000000000000001',
      '00000000000040000000000000000001',
    ])
      expect(read(id), id).toBeUndefined();
    expect(read('00000000000000000000000000000001')).toBeUndefined();
  });
});
