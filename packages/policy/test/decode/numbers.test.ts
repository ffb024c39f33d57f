import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { argMax } from '../../src/core/decode/arg-max.js';
import { confidenceGate, fixedDecimal } from '../../src/index.js';

describe('fixedDecimal', () => {
  it.each([
    [0.125, 2, '0.12'],
    [0.375, 2, '0.38'],
    [50.125, 2, '50.12'],
    [0.0625, 3, '0.062'],
    [0.5, 0, '0'],
    [1.5, 0, '2'],
    [2.5, 0, '2'],
    [0.1, 4, '0.1000'],
    [-0.0000001, 6, '-0.000000'],
    [-0, 3, '-0.000'],
    [-0.125, 2, '-0.12'],
    [1e20, 1, '100000000000000000000.0'],
    [1.2e21, 2, '1200000000000000000000.00'],
    [5e-324, 6, '0.000000'],
    [0.00003, 4, '0.0000'],
    [0.99999, 4, '1.0000'],
    [1.0000000000000002, 2, '1.00'],
  ])('%d with %i decimals is %s', (value, digits, text) => {
    expect(fixedDecimal(value, digits)).toBe(text);
  });

  it('differs from toFixed on exact ties only, and then by one unit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
        fc.integer({ min: 1, max: 6 }),
        (numerator, digits) => {
          const value = numerator / 2 ** digits;
          for (const kept of [digits - 1, digits, digits + 1]) {
            const [ours, theirs] = [fixedDecimal(value, kept), value.toFixed(kept)];
            const tie = kept === digits - 1 && numerator % 2 !== 0;
            if (!tie) expect(Number(ours)).toBe(Number(theirs));
            else expect(Math.abs(Number(ours) - value)).toBeCloseTo(Math.abs(Number(theirs) - value), 9);
            if (tie) expect(Number(ours.at(-1)) % 2).toBe(0);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('argMax', () => {
  it('agrees with sorting, and never picks what is not admitted', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { maxLength: 20 }), fc.nat(3), (values, parity) => {
        const admits = (index: number) => index % 4 !== parity;
        const admitted = values.map((value, index) => ({ value, index })).filter(({ index }) => admits(index));
        const [best, second] = [...admitted].sort((a, b) => b.value - a.value || a.index - b.index);
        const found = argMax(values, admits);
        expect(found?.index).toBe(best?.index);
        if (found !== undefined && second !== undefined) expect(found.gap).toBe(found.value - second.value);
      }),
    );
  });
});

describe('confidenceGate', () => {
  it('is half open at the margin tau, opens with the margin, and is open without a rival', () => {
    const gate = { k: 4, tau: 0.2 };
    expect(confidenceGate([1.2, 1, 0], gate)).toBeCloseTo(0.5, 12);
    expect(confidenceGate([3, 1, 0], gate)).toBeGreaterThan(confidenceGate([2, 1, 0], gate));
    expect(confidenceGate([5], gate)).toBe(1);
    expect(() => confidenceGate([], gate)).toThrow(RangeError);
  });
});
