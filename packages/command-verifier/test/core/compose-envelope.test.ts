import { describe, expect, it } from 'vitest';
import { composeEnvelope } from '../../src/core/compose-envelope.js';

const signedPart = Uint8Array.of(9, 9);
const signatures = (count: number, bytes: number) => Array.from({ length: count }, () => new Uint8Array(bytes));

describe('composing an envelope', () => {
  it('takes up to four signatures of 1 to 255 bytes', () => {
    expect([...composeEnvelope(signatures(1, 1), signedPart)]).toEqual([0x45, 0x53, 0x43, 0x31, 1, 1, 0, 9, 9]);
    expect(composeEnvelope(signatures(4, 255), signedPart)).toHaveLength(4 + 1 + 4 * 256 + 2);
  });

  it('holds its maker to that', () => {
    expect(() => composeEnvelope(signatures(5, 1), signedPart)).toThrow('never makes more signatures');
    for (const bytes of [0, 256])
      expect(() => composeEnvelope(signatures(1, bytes), signedPart)).toThrow('key ids and signatures have 1 to 255');
  });
});
