import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePlain, encodePlain, LeylineError, type PlainValue } from '../../src/index.js';

const hexOf = (value: unknown): string => Buffer.from(encodePlain(value)).toString('hex');
const back = (value: unknown): unknown => {
  const decoded = decodePlain(encodePlain(value));
  if (!decoded.ok) throw new Error(decoded.error.code);
  return decoded.value;
};

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.string({ unit: 'binary' }),
  fc.uint8Array(),
);
const key = fc.string({ unit: 'binary' }).filter((text) => text !== '__proto__');
const plain = fc.letrec<{ value: PlainValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 20 }),
    fc.dictionary(key, tie('value'), { maxKeys: 20, noNullPrototype: true }),
  ),
})).value;

describe('round trip', () => {
  it('any plain value comes back with its types', () => {
    fc.assert(
      fc.property(plain, (value) => {
        expect(back(value)).toStrictEqual(value);
      }),
      { numRuns: 2000 },
    );
  });

  it('equal values give equal bytes, whatever the order of their keys', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(key, fc.integer()), { selector: ([name]) => name }), (entries) => {
        expect(hexOf(Object.fromEntries(entries))).toBe(hexOf(Object.fromEntries([...entries].reverse())));
      }),
    );
  });

  it.each([1, 2, 39, 40, 41, 300])(
    '%i keys stand in the order of their bytes, and those that are undefined are absent',
    (count) => {
      const keys = Array.from({ length: count }, (_, at) => `k${(at * 7919) % 1009}`);
      const map = Object.fromEntries(
        keys.flatMap(
          (name, at) =>
            [
              [name, at],
              [`u${at}`, undefined],
            ] as const,
        ),
      );
      const decoded = decode(encodePlain(map)) as Record<string, number>;
      expect(Object.keys(decoded)).toEqual([...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      expect(decoded).toEqual(Object.fromEntries(keys.map((name, at) => [name, at])));
    },
  );

  it('code of the caller that encodes in the middle of encoding disturbs nothing', () => {
    const inner = { deep: 'x'.repeat(600) };
    const value = {
      a: 1,
      get b() {
        return encodePlain(inner);
      },
      c: 'after',
    };
    expect(back(value)).toEqual({ a: 1, b: encodePlain(inner), c: 'after' });
  });

  it('what was encoded stays as it is, whatever is encoded next', () => {
    const first = encodePlain({ text: 'first' });
    const before = hexOf({ text: 'first' });
    encodePlain({ text: 'other' });
    expect(Buffer.from(first).toString('hex')).toBe(before);
  });

  it('our bytes are those of the msgpack library wherever it is exact', () => {
    const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });
    const exact = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.boolean(), ascii, fc.constant(null), fc.uint8Array());
    fc.assert(
      fc.property(
        fc.dictionary(
          ascii.filter((name) => name !== '__proto__'),
          exact,
        ),
        (value) => {
          const map = { ...value };
          expect(encodePlain(map)).toEqual(encode(map, { sortKeys: true, useBigInt64: true }));
          expect(decode(encodePlain(map))).toEqual(map);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('canonical form', () => {
  it.each([
    [null, 'c0'],
    [false, 'c2'],
    [true, 'c3'],
    [0, '00'],
    [127, '7f'],
    [128, 'cc80'],
    [255, 'ccff'],
    [256, 'cd0100'],
    [65_535, 'cdffff'],
    [65_536, 'ce00010000'],
    [4_294_967_295, 'ceffffffff'],
    [4_294_967_296, 'cb41f0000000000000'],
    [-1, 'ff'],
    [-32, 'e0'],
    [-33, 'd0df'],
    [-128, 'd080'],
    [-129, 'd1ff7f'],
    [-32_768, 'd18000'],
    [-32_769, 'd2ffff7fff'],
    [-2_147_483_648, 'd280000000'],
    [-2_147_483_649, 'cbc1e0000000200000'],
    [0.5, 'cb3fe0000000000000'],
    [-0, 'cb8000000000000000'],
    [Number.NaN, 'cb7ff8000000000000'],
    [Number.NEGATIVE_INFINITY, 'cbfff0000000000000'],
    [5n, 'cf0000000000000005'],
    [-5n, 'd3fffffffffffffffb'],
    ['', 'a0'],
    ['é', 'a2c3a9'],
    ['x'.repeat(31), `bf${'78'.repeat(31)}`],
    ['x'.repeat(32), `d920${'78'.repeat(32)}`],
    ['x'.repeat(256), `da0100${'78'.repeat(256)}`],
    [Uint8Array.of(1, 2), 'c4020102'],
    [[1, [2]], '92019102'],
    [{ b: 1, a: [] }, '82a16190a16201'],
  ])('%o', (value, bytes) => {
    expect(hexOf(value)).toBe(bytes);
    expect(back(value)).toStrictEqual(value);
  });

  it('keys stand in the order of their UTF-8 bytes, not of their UTF-16 units', () => {
    const astral = '\u{1F600}';
    const high = '\uFFFD';
    expect([astral, high].sort()).toEqual([astral, high]);
    const keys = Object.keys(back({ [astral]: 1, [high]: 2, aa: 3, a: 4, '': 5 }) as object);
    expect(keys).toEqual(['', 'a', 'aa', high, astral]);
  });

  it('lengths of 16 and 32 bits', () => {
    expect(hexOf(new Uint8Array(65_536)).slice(0, 10)).toBe('c600010000');
    expect(hexOf(Array.from({ length: 65_536 }, () => 0)).slice(0, 10)).toBe('dd00010000');
    expect(hexOf(Array.from({ length: 16 }, () => 0)).slice(0, 6)).toBe('dc0010');
    const map = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`k${i}`, i]));
    expect(hexOf(map).slice(0, 6)).toBe('de0010');
    expect(back('y'.repeat(70_000))).toBe('y'.repeat(70_000));
  });
});

describe('refusals when encoding', () => {
  it.each([
    ['a date', new Date(0), '$', 'plain data', 'an object of a class'],
    ['a map', { a: [new Map()] }, 'a[0]', 'plain data', 'an object of a class'],
    ['a function', { f: () => 1 }, 'f', 'plain data', 'a function'],
    ['an undefined item', [undefined], '[0]', 'plain data', 'nothing'],
    ['an integer of 65 bits', { n: 2n ** 64n }, 'n', 'an integer of 64 bits', 'integer 18446744073709551616'],
    ['half a surrogate pair', { t: '\ud800' }, 't', 'well-formed Unicode text', 'half of a surrogate pair'],
    [
      'half a surrogate pair in a key',
      { '\udc00': 1 },
      '["\\udc00"]',
      'well-formed Unicode text',
      'half of a surrogate pair',
    ],
  ])('%s', (_what, value, path, expected, found) => {
    try {
      encodePlain(value);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(LeylineError);
      expect((error as LeylineError).refusal).toEqual({
        code: 'LEYLINE_INVALID',
        path,
        expected,
        found,
        otherCount: 0,
      });
    }
  });

  it.each([
    ['bytesMax', { bytesMax: 3 }, 'LEYLINE_TOO_LARGE'],
    ['depthMax', { depthMax: 1 }, 'LEYLINE_TOO_DEEP'],
    ['elementsMax', { elementsMax: 3 }, 'LEYLINE_TOO_MANY'],
    ['mapEntriesMax', { mapEntriesMax: 1 }, 'LEYLINE_TOO_MANY'],
    ['arrayItemsMax', { arrayItemsMax: 1 }, 'LEYLINE_TOO_MANY'],
    ['textBytesMax', { textBytesMax: 4 }, 'LEYLINE_TOO_MANY'],
  ] as const)('%s holds both ways', (_name, limits, code) => {
    const value = { a: [1, 2], b: 'hello' };
    expect(() => encodePlain(value, limits)).toThrow(expect.objectContaining({ code }));
    expect(decodePlain(encodePlain(value), limits)).toMatchObject({ ok: false, error: { code } });
  });

  it('a byte string counts towards the size', () => {
    expect(() => encodePlain(new Uint8Array(10), { bytesMax: 10 })).toThrow(
      expect.objectContaining({ code: 'LEYLINE_TOO_LARGE' }),
    );
    expect(encodePlain(new Uint8Array(10), { bytesMax: 12 }).byteLength).toBe(12);
  });
});
