import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeMessage, decodePlain, encodeMessage, encodePlain, LIMITS, MESSAGE_KINDS } from '../../src/index.js';
import { SAMPLES } from './samples.js';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const codeOf = (bytes: Uint8Array): string => {
  const decoded = decodePlain(bytes);
  return decoded.ok ? 'accepted' : decoded.error.code;
};
const refusal = (bytes: Uint8Array) => {
  const decoded = decodePlain(bytes);
  return decoded.ok ? 'accepted' : decoded.error;
};
/** Time of the processor, not of the clock on the wall: what else the machine does says nothing about the codec. */
const elapsedMsOf = (run: () => void): number => {
  const from = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000;
};

describe('truncation', () => {
  for (const kind of MESSAGE_KINDS) {
    it(`${kind} cut at any byte is refused`, () => {
      const bytes = encodeMessage(kind, SAMPLES[kind]);
      for (let length = 0; length < bytes.byteLength; length += 1) {
        expect(decodeMessage(kind, bytes.subarray(0, length))).toMatchObject({
          ok: false,
          error: { code: 'LEYLINE_TRUNCATED' },
        });
      }
    });
  }

  it('one byte more is refused', () => {
    const bytes = encodePlain({ a: 1 });
    expect(refusal(Uint8Array.of(...bytes, 0xc0))).toEqual({
      code: 'LEYLINE_TRAILING',
      path: 'byte 4',
      expected: 'the end',
      found: '1 more bytes',
      otherCount: 0,
    });
  });
});

describe('keys', () => {
  it.each([
    ['twice in a row', '82 a1 61 01 a1 61 02'],
    ['twice with one between', '83 a1 61 01 a1 62 02 a1 61 03'],
    ['twice, unsorted', '83 a1 62 01 a1 61 02 a1 62 03'],
    ['twice, the second in a longer encoding', '82 a1 61 01 d9 01 61 02'],
    ['twice in a nested map', '81 a1 78 82 a1 61 01 a1 61 02'],
  ])('%s: duplicate', (_what, bytes) => {
    expect(codeOf(hex(bytes))).toBe('LEYLINE_DUPLICATE_KEY');
  });

  it('the same key in two maps is none of that', () => {
    expect(codeOf(hex('92 81 a1 61 01 81 a1 61 02'))).toBe('accepted');
    expect(codeOf(hex('82 a1 61 81 a1 61 01 a1 62 81 a1 61 02'))).toBe('accepted');
  });

  it.each([
    ['number', '81 01 01'],
    ['nil', '81 c0 01'],
    ['map', '81 80 01'],
    ['bytes', '81 c4 01 61 01'],
  ])('a key that is a %s is refused', (_what, bytes) => {
    expect(codeOf(hex(bytes))).toBe('LEYLINE_MALFORMED');
  });

  it('__proto__ is refused and pollutes nothing', () => {
    const polluted = encode(new Map([['__proto__', 1]]) as never);
    expect(polluted.byteLength).toBeGreaterThan(0);
    expect(codeOf(hex(`81 a9 ${Buffer.from('__proto__').toString('hex')} 81 a1 61 01`))).toBe('LEYLINE_FORBIDDEN_KEY');
    expect(({} as { a?: number }).a).toBeUndefined();
    expect(() => encodePlain(JSON.parse('{"__proto__":1}'))).toThrow(
      expect.objectContaining({ code: 'LEYLINE_FORBIDDEN_KEY' }),
    );
  });

  it('constructor and toString are keys like others', () => {
    const value = JSON.parse('{"constructor":1,"toString":2,"hasOwnProperty":3}');
    expect(decodePlain(encodePlain(value))).toEqual({ ok: true, value });
  });
});

describe('sizes that are only declared', () => {
  it.each([
    ['text of 4 GiB', 'db ff ff ff ff 61', 'LEYLINE_TOO_MANY'],
    ['text beyond the end', 'd9 05 61', 'LEYLINE_TRUNCATED'],
    ['bytes of 4 GiB', 'c6 ff ff ff ff 61', 'LEYLINE_TRUNCATED'],
    ['list of 2^32-1', 'dd ff ff ff ff', 'LEYLINE_TOO_MANY'],
    ['map of 2^32-1', 'df ff ff ff ff', 'LEYLINE_TOO_MANY'],
    ['list of 65535 that is not there', 'dc ff ff c0', 'LEYLINE_TRUNCATED'],
    ['map of 200 with bytes for half', `de 00 c8 ${'a0'.repeat(200)}`, 'LEYLINE_TRUNCATED'],
  ])('%s', (_what, bytes, code) => {
    const elapsed = elapsedMsOf(() => expect(codeOf(hex(bytes))).toBe(code));
    expect(elapsed).toBeLessThan(1000);
  });

  it('lists of lists of declared counts cost no memory', () => {
    const bytes = Uint8Array.from(Buffer.from('dc4000'.repeat(300_000), 'hex'));
    const elapsed = elapsedMsOf(() => expect(codeOf(bytes)).toBe('LEYLINE_TOO_DEEP'));
    expect(elapsed).toBeLessThan(1000);
  });
});

describe('depth and counts', () => {
  it.each([
    ['lists', '91'],
    ['maps', '81a161'],
  ])('100,000 nested %s are refused without recursion', (_what, level) => {
    const bytes = Uint8Array.from(Buffer.from(`${level.repeat(100_000)}c0`, 'hex'));
    const elapsed = elapsedMsOf(() => expect(codeOf(bytes)).toBe('LEYLINE_TOO_DEEP'));
    expect(elapsed).toBeLessThan(1000);
  });

  it('100,000 nested levels and a cycle are refused when encoding', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i += 1) deep = [deep];
    expect(() => encodePlain(deep)).toThrow(expect.objectContaining({ code: 'LEYLINE_TOO_DEEP' }));
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(() => encodePlain(cycle)).toThrow(expect.objectContaining({ code: 'LEYLINE_TOO_DEEP' }));
  });

  it('a megabyte of small values is refused by count, in time', () => {
    const items = Uint8Array.from({ length: LIMITS.messageBytesMax.SystemStatePacket }, () => 0xc0);
    const rows = Buffer.concat(
      Array.from({ length: 127 }, () => Buffer.concat([hex('dc 20 00'), items.subarray(0, 8192)])),
    );
    const bytes = Buffer.concat([hex('dc 00 7f'), rows]);
    const elapsed = elapsedMsOf(() => {
      expect(decodeMessage('SystemStatePacket', bytes)).toMatchObject({
        ok: false,
        error: { code: 'LEYLINE_TOO_MANY' },
      });
    });
    expect(elapsed).toBeLessThan(1000);
  });

  it('a map of many keys out of order is checked in time', () => {
    const keys = Array.from({ length: 65_536 }, (_, i) => `k${65_536 - i}`);
    const head = Buffer.from('df00010000', 'hex');
    const bytes = Buffer.concat([head, ...keys.flatMap((key) => [encodePlain(key), hex('01')])]);
    const elapsed = elapsedMsOf(() => expect(codeOf(bytes)).toBe('accepted'));
    expect(elapsed).toBeLessThan(1000);
  });

  it('size is refused before anything else is read', () => {
    const bytes = new Uint8Array(LIMITS.messageBytesMax.FieldReport + 1).fill(0xc1);
    expect(decodeMessage('FieldReport', bytes)).toMatchObject({
      error: { code: 'LEYLINE_TOO_LARGE', path: '$', expected: 'at most 65536 bytes', found: '65537 bytes' },
    });
  });
});

describe('what is not plain data', () => {
  it.each([
    ['fixext 1', 'd4 00 00'],
    ['a timestamp', 'd6 ff 00 00 00 00'],
    ['ext 8', 'c7 01 05 00'],
    ['the unused byte', 'c1'],
    ['text that is not UTF-8', 'a2 c3 28'],
    ['overlong UTF-8', 'a2 c0 80'],
    ['half a surrogate pair in UTF-8', 'a3 ed a0 80'],
    ['a key that is not UTF-8', '81 a1 ff 01'],
  ])('%s is refused', (_what, bytes) => {
    expect(codeOf(hex(bytes))).toBe('LEYLINE_MALFORMED');
  });

  it('nothing is refused as truncated', () => {
    expect(refusal(new Uint8Array())).toMatchObject({
      code: 'LEYLINE_TRUNCATED',
      expected: 'another value',
      found: 'the end',
    });
  });
});

describe('any bytes', () => {
  it('never throw, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const decoded = decodePlain(bytes);
        if (!decoded.ok) expect(decoded.error.code).toMatch(/^LEYLINE_/);
      }),
      { numRuns: 5000 },
    );
  });

  it('one flipped bit in a message gives a message or a refusal', () => {
    for (const kind of MESSAGE_KINDS) {
      const bytes = encodeMessage(kind, SAMPLES[kind]);
      for (let bit = 0; bit < bytes.byteLength * 8; bit += 7) {
        const flipped = new Uint8Array(bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
        const decoded = decodeMessage(kind, flipped);
        if (decoded.ok) expect(() => encodeMessage(kind, decoded.value as never)).not.toThrow();
        else expect(decoded.error.path.length).toBeLessThanOrEqual(200);
      }
    }
  });

  it('what the scan accepts, the decoder takes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 48 }), (bytes) => {
        const decoded = decodePlain(bytes);
        if (!decoded.ok) expect(decoded.error.expected).not.toBe('decodable bytes');
      }),
      { numRuns: 20_000 },
    );
  });
});
