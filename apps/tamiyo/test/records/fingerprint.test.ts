import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprintOf, fingerprintOfArray } from '../../src/records/fingerprint.js';
import { findFlip } from '../../src/replay/find-flip.js';

const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.double(),
    fc.integer(),
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 5 },
    ),
  ),
})).value;

describe('the fingerprint of plain data', () => {
  it('does not depend on the order of keys, nor on keys that are absent', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
          plain,
        ),
        (map) => {
          const reversed = Object.fromEntries([...Object.entries(map).reverse(), ['absent in the record', undefined]]);
          expect(fingerprintOf(reversed)).toBe(fingerprintOf(map));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is another one for any one bit that is flipped, and the flip is named', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), plain, fc.integer({ min: 0, max: 63 }), (value, beside, bit) => {
        const view = new DataView(new ArrayBuffer(8));
        view.setFloat64(0, value);
        view.setBigUint64(0, view.getBigUint64(0) ^ (1n << BigInt(bit)));
        const other = view.getFloat64(0);
        fc.pre(!Number.isNaN(other));
        const [was, is] = [
          { at: { loss: value }, beside },
          { at: { loss: other }, beside },
        ];
        expect(fingerprintOf(is)).not.toBe(fingerprintOf(was));
        expect(findFlip(is, fingerprintOf(was))).toMatchObject({ path: 'at.loss', recorded: other, decidedOn: value });
      }),
      { numRuns: 100 },
    );
  });

  it('says nothing when more than one bit is wrong', () => {
    expect(findFlip({ a: 3, b: 'x' }, fingerprintOf({ a: 0, b: 'x' }))).toBeUndefined();
  });

  it('tells 0 from -0, NaN from a number, text from a number, a list from a map', () => {
    const all = [0, -0, Number.NaN, '0', [0], { 0: 0 }, null, false, true, 0n, new Uint8Array(1), '', [], {}];
    expect(new Set(all.map((value) => fingerprintOf(value))).size).toBe(all.length);
  });

  it('of a typed array is another one for any one bit, aligned or not', () => {
    const bytes = Uint8Array.from({ length: 64 }, (_, at) => at * 7);
    const same = fingerprintOfArray(new Float32Array(bytes.buffer));
    for (let bit = 0; bit < 64 * 8; bit += 1) {
      const other = new Uint8Array(bytes);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(fingerprintOfArray(new Float32Array(other.buffer))).not.toBe(same);
      if (bit >= 8) expect(fingerprintOfArray(other.subarray(1))).not.toBe(fingerprintOfArray(bytes.subarray(1)));
    }
  });
});
