import { describe, expect, it } from 'vitest';
import { LIMITS, MESSAGE_KINDS, parseJson, type SystemStatePacket, toJson } from '../../src/index.js';
import { SAMPLES } from './samples.js';

const packet = SAMPLES.SystemStatePacket;
const text = toJson('SystemStatePacket', packet);
const refusal = (input: string | Uint8Array) => {
  const parsed = parseJson('SystemStatePacket', input);
  return parsed.ok ? 'accepted' : parsed.error;
};
const withField = (field: string, json: string): string => text.replace(/^\{/, `{"${field}":${json},`);

describe('round trip', () => {
  for (const kind of MESSAGE_KINDS) {
    it(`${kind} comes back equal, as text and as bytes`, () => {
      const json = toJson(kind, SAMPLES[kind]);
      expect(parseJson(kind, json)).toStrictEqual({ ok: true, value: SAMPLES[kind] });
      expect(parseJson(kind, new TextEncoder().encode(json))).toStrictEqual({ ok: true, value: SAMPLES[kind] });
      expect(() => JSON.parse(json)).not.toThrow();
    });
  }

  it('says what JSON has no type for', () => {
    expect(JSON.parse(text)).toMatchObject({
      timestampNs: '1700000000123456789',
      validationLoss: 'NaN',
      trainingMetrics: { gradient_norm: 'Infinity', hook_latency_ms: 'n/a' },
    });
    expect(JSON.parse(toJson('PolicyUpdate', SAMPLES.PolicyUpdate))).toMatchObject({ payload: 'AAH+/w==' });
    expect(text).toContain('"loss_delta":-0');
  });

  it.each([1e16, -1e20, 1e21, 2 ** 53, Number.MAX_VALUE, Number.MIN_VALUE, 0.1])('the signal %d survives', (value) => {
    const parsed = parseJson('SystemStatePacket', toJson('SystemStatePacket', { ...packet, trainingLoss: value }));
    expect(parsed).toMatchObject({ ok: true, value: { trainingLoss: value } });
  });

  it('keys are sorted', () => {
    const keys = Object.keys(JSON.parse(text));
    expect(keys).toEqual([...keys].sort());
  });

  it('an invalid message is not written', () => {
    const broken = { ...packet, version: 2 } as unknown as SystemStatePacket;
    expect(() => toJson('SystemStatePacket', broken)).toThrow('cannot write SystemStatePacket as JSON: at version');
  });
});

describe('what JSON.parse would accept in silence', () => {
  it('a key given twice, also when one is escaped', () => {
    expect(refusal(withField('globalStep', '1'))).toMatchObject({
      code: 'LEYLINE_DUPLICATE_KEY',
      found: 'globalStep again',
    });
    expect(refusal(withField('global\\u0053tep', '1'))).toMatchObject({ code: 'LEYLINE_DUPLICATE_KEY' });
    expect(refusal('{"a":{"x":1,"y":[{"x":1}],"x":2}}')).toMatchObject({
      code: 'LEYLINE_DUPLICATE_KEY',
      path: 'character 26',
    });
  });

  it('the same key in two objects, and equal texts that are values, are none of that', () => {
    expect(refusal('{"a":{"x":1},"b":{"x":1},"c":["x","x"],"d":"d"}')).toMatchObject({ code: 'LEYLINE_INVALID' });
  });

  it('__proto__', () => {
    expect(refusal('{"__proto__":{"polluted":true}}')).toMatchObject({ code: 'LEYLINE_FORBIDDEN_KEY' });
    expect(refusal('{"\\u005f_proto__":1}')).toMatchObject({ code: 'LEYLINE_FORBIDDEN_KEY' });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('whole numbers that would be rounded, numbers that would become Infinity', () => {
    const bare = text.replace('"1700000000123456789"', '1700000000123456789');
    expect(refusal(bare)).toMatchObject({ code: 'LEYLINE_INVALID', path: 'timestampNs' });
    const rounded = text.replace('"globalStep":42', '"globalStep":9007199254740993');
    expect(refusal(rounded)).toMatchObject({ path: 'globalStep', found: '9007199254740992' });
    expect(refusal(withField('trainingLoss2', '1e999'))).toMatchObject({
      expected: 'a number within the range of doubles',
    });
    expect(refusal(text.replace('"1700000000123456789"', '17'))).toBe('accepted');
  });

  it('100,000 nested lists, and long texts full of escapes, in time', () => {
    const from = process.cpuUsage();
    expect(refusal('['.repeat(100_000))).toMatchObject({ code: 'LEYLINE_TOO_DEEP' });
    expect(
      refusal(`{"a":"${'\\"'.repeat(500_000)}"}`.slice(0, LIMITS.messageBytesMax.SystemStatePacket)),
    ).toMatchObject({ code: expect.any(String) });
    expect(refusal(`[${'1,'.repeat(200_000)}1]`)).toMatchObject({ code: 'LEYLINE_TOO_MANY' });
    expect(process.cpuUsage(from).user / 1000).toBeLessThan(2000);
  });
});

it('a loss that exploded is no malformed packet: a double beyond 2^53 is a signal like others', () => {
  const json = text.replace('"trainingLoss":0.75', `"trainingLoss":${JSON.stringify(3e20)}`);
  expect(parseJson('SystemStatePacket', json)).toMatchObject({ ok: true, value: { trainingLoss: 3e20 } });
});

it('a signal named like a method of every object stays text', () => {
  const json = text.replace('"trainingLoss":0.75', '"trainingLoss":"toString"');
  expect(parseJson('SystemStatePacket', json)).toMatchObject({ ok: true, value: { trainingLoss: 'toString' } });
});

describe('refusals', () => {
  it.each([
    ['', 'LEYLINE_MALFORMED', 'JSON', 'a syntax error'],
    ['{"a":1', 'LEYLINE_MALFORMED', 'JSON', 'a syntax error'],
    ['{"a', 'LEYLINE_MALFORMED', 'JSON', 'a syntax error'],
    ['{"\\x":1}', 'LEYLINE_MALFORMED', 'a key', 'no JSON string'],
    ['null', 'LEYLINE_INVALID', 'an object', 'null'],
    ['[]', 'LEYLINE_INVALID', 'an object', 'a list of 0'],
    [new Uint8Array([0x22, 0xff, 0x22]), 'LEYLINE_MALFORMED', 'text in UTF-8', 'other bytes'],
  ])('%o', (input, code, expected, found) => {
    expect(refusal(input)).toMatchObject({ code, expected, found });
  });

  it('cut at any character, no message comes out and nothing throws', () => {
    for (let length = 0; length < text.length; length += 1) {
      expect(parseJson('SystemStatePacket', text.slice(0, length)).ok).toBe(false);
    }
  });

  it('size first', () => {
    expect(refusal('x'.repeat(LIMITS.messageBytesMax.SystemStatePacket + 1))).toMatchObject({
      code: 'LEYLINE_TOO_LARGE',
    });
  });

  it.each(['-1', '1.5', '01', '18446744073709551616', '', 'x', '1'.repeat(30)])(
    '"%s" is no 64-bit integer',
    (digits) => {
      expect(refusal(text.replace('1700000000123456789', digits))).toMatchObject({
        code: 'LEYLINE_INVALID',
        path: 'timestampNs',
      });
    },
  );

  it.each(['AAH+/w', 'AAH+/w=', 'AAH_/w==', 'AAH+/x==', 'AAH+ /w==', 'A=AA', '===='])(
    '"%s" is no canonical base64',
    (base64) => {
      const json = toJson('PolicyUpdate', SAMPLES.PolicyUpdate).replace('AAH+/w==', base64);
      expect(parseJson('PolicyUpdate', json)).toMatchObject({
        ok: false,
        error: { path: 'payload', expected: 'bytes as base64' },
      });
    },
  );

  it('bytes as a list are refused', () => {
    const json = toJson('PolicyUpdate', SAMPLES.PolicyUpdate).replace('"AAH+/w=="', '[0]');
    expect(parseJson('PolicyUpdate', json)).toMatchObject({
      ok: false,
      error: { path: 'payload', found: 'a list of 1' },
    });
  });
});
