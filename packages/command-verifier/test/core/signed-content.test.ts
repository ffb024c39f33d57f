import { describe, expect, it } from 'vitest';
import { readEnvelope } from '../../src/core/envelope.js';
import { signedContentOf } from '../../src/index.js';
import { makeKey } from '../support/fixtures.js';
import { forge } from '../support/forge.js';

const twoKeys = [makeKey('key-a'), makeKey('key-b')];
const sameNames = twoKeys.map(({ keyId }) => makeKey(keyId, { material: makeKey('key-z').material }));

function contentOf(bytes: Uint8Array) {
  const found = signedContentOf(bytes);
  if (typeof found === 'string') throw new Error(found);
  return found;
}

describe('the signed part of a command', () => {
  it('is what every named key has signed, as a view into the given bytes', () => {
    const bytes = forge({ keys: twoKeys });
    const { keyIds, content } = contentOf(bytes);
    expect(keyIds).toEqual(['key-a', 'key-b']);
    expect(content.buffer).toBe(bytes.buffer);
    const envelope = readEnvelope(bytes);
    if (typeof envelope === 'string') throw new Error(envelope);
    for (const [at, { signature }] of envelope.signatures.entries())
      expect(twoKeys[at]?.material.verify(content, signature)).toBe(true);
  });

  it('is the same whatever the keys, while the signatures are not', () => {
    const [one, other] = [forge({ keys: twoKeys }), forge({ keys: sameNames })];
    expect(one).not.toEqual(other);
    expect(contentOf(one)).toEqual(contentOf(other));
  });

  it('of bytes that are no envelope is the reason', () => {
    expect(signedContentOf(new Uint8Array(5))).toBe('malformed_envelope');
  });
});
