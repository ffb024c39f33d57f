import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatFixed, formatPythonFloat, formatTruncated } from '../../src/index.js';
import { parsePythonFloat } from '../../src/testing.js';

// Every expectation here was printed by Python.
describe('formatFixed', () => {
  it.each([
    [0.125, 2, '0.12'],
    [0.375, 2, '0.38'],
    [50.125, 2, '50.12'],
    [0.0625, 3, '0.062'],
    [0.1875, 3, '0.188'],
    [2.5, 0, '2'],
    [3.5, 0, '4'],
    [-2.5, 0, '-2'],
    [-0, 3, '-0.000'],
    [-0.0001, 3, '-0.000'],
    [0, 3, '0.000'],
    [2.675, 2, '2.67'],
    [1e21, 1, '1000000000000000000000.0'],
    [1e22, 0, '10000000000000000000000'],
    [123456789.125, 2, '123456789.12'],
    [5e-324, 3, '0.000'],
    [0.1 + 0.2, 6, '0.300000'],
    [Number.NaN, 3, 'nan'],
    [Number.POSITIVE_INFINITY, 3, 'inf'],
    [Number.NEGATIVE_INFINITY, 3, '-inf'],
  ])('%d with %i decimals is %s', (value, digits, text) => {
    expect(formatFixed(value, digits)).toBe(text);
  });

  it.each([
    [2 ** 52 + 1, 0, '4503599627370497'],
    [2 ** 53, 0, '9007199254740992'],
    [1e21, 12, '1000000000000000000000.000000000000'],
    [1, 12, '1.000000000000'],
    [1.5, 0, '2'],
    [0.5, 0, '0'],
  ])('%d with %i decimals is %s, at the edges of its ways', (value, digits, text) => {
    expect(formatFixed(value, digits)).toBe(text);
  });

  it('prints the largest float without an exponent', () => {
    expect(formatFixed(Number.MAX_VALUE, 0)).toBe(BigInt(Number.MAX_VALUE).toString());
  });

  it('refuses a number of digits it cannot print', () => {
    for (const digits of [-1, 13, Number.NaN])
      expect(() => formatFixed(1, digits)).toThrow(`digits must be 0 to 12, got ${digits}`);
  });

  it('agrees with toFixed wherever no tie is possible, and is never further off than half a unit', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: -1e15, max: 1e15 }),
        fc.integer({ min: 0, max: 6 }),
        (value, digits) => {
          const text = formatFixed(value, digits);
          expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(
            0.5 * 10 ** -digits * 1.0000001 + Math.abs(value) * 2e-16,
          );
          const doubled = value * 2 ** (digits + 1);
          if (!Number.isInteger(doubled)) expect(text).toBe(value.toFixed(digits));
        },
      ),
    );
  });

  it('rounds every exact tie to the even neighbour', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), (odd) => {
        const text = formatFixed((2 * odd + 1) / 2, 0);
        expect(Math.abs(Number(text)) % 2).toBe(0);
      }),
    );
  });
});

describe('formatPythonFloat', () => {
  it.each([
    [0.7, '0.7'],
    [1, '1.0'],
    [-0, '-0.0'],
    [0, '0.0'],
    [1e-5, '1e-05'],
    [0.0001, '0.0001'],
    [0.00012, '0.00012'],
    [1e-7, '1e-07'],
    [1.5e-10, '1.5e-10'],
    [1e15, '1000000000000000.0'],
    [1e16, '1e+16'],
    [1.25e22, '1.25e+22'],
    [123456789.125, '123456789.125'],
    [5e-324, '5e-324'],
    [Number.NaN, 'nan'],
    [Number.NEGATIVE_INFINITY, '-inf'],
  ])('%d is %s', (value, text) => {
    expect(formatPythonFloat(value)).toBe(text);
  });

  it('reads back as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        expect(Object.is(parsePythonFloat(formatPythonFloat(value)), value)).toBe(true);
      }),
    );
  });
});

it('formatTruncated drops the fraction and prints all digits', () => {
  expect(['7.9', '-7.9', '1e20', '0.5'].map((text) => formatTruncated(Number(text)))).toEqual([
    '7',
    '-7',
    '100000000000000000000',
    '0',
  ]);
});

describe('parsePythonFloat', () => {
  it.each([
    [' 0.99 ', 0.99],
    ['1_0', 10],
    ['+0.99', 0.99],
    ['.99', 0.99],
    ['1.', 1],
    ['99e-2', 0.99],
    ['٠.٩٩', 0.99],
    ['０.９９', 0.99],
    ['\u20090.99', 0.99],
    ['𝟗', 9],
    ['infinity', Number.POSITIVE_INFINITY],
    ['-Inf', Number.NEGATIVE_INFINITY],
    ['1e400', Number.POSITIVE_INFINITY],
  ])('reads %j', (text, value) => {
    expect(parsePythonFloat(text)).toBe(value);
  });

  it.each([
    '0x1',
    '0,99',
    '',
    ' ',
    '1__0',
    '_1',
    '1_',
    '0.9.9',
    '--1',
    '1e',
    'e1',
    '½',
    '0.99\u0000',
    '0.99\u200b',
    'True',
  ])('refuses %j', (text) => {
    expect(parsePythonFloat(text)).toBeUndefined();
  });
});
