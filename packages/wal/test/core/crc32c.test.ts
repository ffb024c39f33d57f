import { SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/core/crc32c.js';

/** The definition, bit by bit. */
function naive(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0x82f63b78;
  }
  return ~crc >>> 0;
}

describe('crc32c', () => {
  it.each([
    ['32 zeros (RFC 3720 B.4)', new Uint8Array(32), 0x8a9136aa],
    ['32 ones (RFC 3720 B.4)', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['0 to 31 (RFC 3720 B.4)', Uint8Array.from({ length: 32 }, (_, at) => at), 0x46dd794e],
    ['31 to 0 (RFC 3720 B.4)', Uint8Array.from({ length: 32 }, (_, at) => 31 - at), 0x113fdb5c],
    ['the check value', new TextEncoder().encode('123456789'), 0xe3069283],
    ['nothing', new Uint8Array(), 0],
  ])('WA-13: agrees with published values: %s', (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  it('agrees with its definition for every length and start up to 40, and continues from a seed', () => {
    const bytes = new SeededRandom(7).bytes(80);
    for (let from = 0; from < 20; from += 1) {
      for (let to = from; to <= from + 40; to += 1) {
        const piece = bytes.subarray(from, to);
        expect(crc32c(bytes, 0, { from: from, to: to })).toBe(naive(piece));
        const half = Math.floor(piece.length / 2);
        expect(crc32c(piece.subarray(half), crc32c(piece.subarray(0, half)))).toBe(naive(piece));
      }
    }
  });

  it('long arrays give the same, at every alignment and length', () => {
    const bytes = new SeededRandom(8).bytes(700);
    for (let from = 0; from < 9; from += 1) {
      for (let to = 500; to < 520; to += 1) {
        const piece = bytes.subarray(from, to);
        expect(crc32c(piece, 5)).toBe(crc32c(bytes, 5, { from, to }));
        expect(crc32c(piece)).toBe(naive(piece));
      }
    }
  });
});
