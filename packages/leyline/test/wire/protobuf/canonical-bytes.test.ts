import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CommandDraft } from '../../../src/index.js';
import {
  AdaptationCommandSchema,
  canonicalBytes,
  compareMapKeys,
  encodeCommand,
  readCommand,
} from '../../../src/protobuf.js';

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const canonical = (hex: string): string => {
  const result = canonicalBytes(AdaptationCommandSchema, bytesOf(hex));
  return result.ok ? Buffer.from(result.value).toString('hex') : `refused: ${result.error}`;
};
const IDENTITY = { commandId: '00000000-0000-4000-8000-000000000001', issuedAtMs: 1_700_000_000_123 };

describe('canonical bytes', () => {
  it.each([
    ['fields in any order', '1805 0801', '08011805'],
    ['the last scalar wins', '0801 0802', '0802'],
    ['defaults are left out', '0800 1200 1805', '1805'],
    ['an overlong varint is shortened', '0881808000', '0801'],
    ['a uint32 is cut to 32 bits', '28 8980808010', '2809'],
    ['an enum is open, and negative in ten bytes', '18 ffffffffffffffffff01', '18ffffffffffffffffff01'],
    ['unknown fields stay, behind the known ones, in their order', '980607 7a0161 0801', '08019806077a0161'],
    ['another wire type makes a known field unknown', '2003 0801', '08012003'],
    ['an unknown group stays whole', '9303 0801 9403 1805', '1805930308019403'],
    ['sub-messages merge', '5202 0801 5204 12026270', '520608011202 6270'.replace(' ', '')],
    ['the second oneof member wins', '5202 0801 6202 0802', '62020802'],
    ['an empty oneof member stays', '5200', '5200'],
    ['an empty map entry gets both halves', 'a20100', 'a201040a001200'],
    ['value before key is turned round', 'a20106 120176 0a0161', 'a201060a0161120176'],
    ['the last of two equal keys wins', 'a201060a0161120176 a201060a0161120177', 'a201060a0161120177'],
    [
      'an entry with unknown fields stays an unknown field',
      'a201080a0175120177 4801 0801',
      '0801a201080a01751201774801',
    ],
    ['NaN keeps its bits', '520a 1a08 0a0161 15 010080ff', '520a1a080a016115010080ff'],
    ['minus zero stays', '520a 1a08 0a0161 15 00000080', '520a1a080a01611500000080'],
  ])('%s', (_, given, expected) => {
    expect(canonical(given)).toBe(expected);
  });

  it.each([
    ['a cut field', '1205 6161'],
    ['field number 0', '0001'],
    ['an end group without a start', '9403'],
    ['a group without an end', '9303 0801'],
    ['text that is no UTF-8', '1201 ff'],
    ['an encoded surrogate', '1203 eda080'],
    ['overlong UTF-8', '1202 c080'],
    ['a varint of eleven bytes', `08 ${'80'.repeat(10)}01`],
    ['an unknown varint of eleven bytes', `f806 ${'80'.repeat(10)}01`],
  ])('refuses %s', (_, given) => {
    expect(canonical(given)).toMatch(/^refused: /);
  });

  it('is its own fixed point, and never throws, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const once = canonicalBytes(AdaptationCommandSchema, bytes);
        if (once.ok) expect(canonicalBytes(AdaptationCommandSchema, once.value)).toEqual(once);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses nesting over 100', () => {
    const nest = (depth: number): string => {
      let value = Uint8Array.of(0x08, 0x00);
      for (let level = 0; level < depth; level++) {
        const inner = Uint8Array.from([0x0a, ...varint(value.length), ...value]);
        value = Uint8Array.from([0x32, ...varint(inner.length), ...inner]);
      }
      const entry = Uint8Array.from([0x0a, 0x01, 0x61, 0x12, ...varint(value.length), ...value]);
      const struct = Uint8Array.from([0x0a, ...varint(entry.length), ...entry]);
      return Buffer.from(Uint8Array.from([0x6a, ...varint(struct.length), ...struct])).toString('hex');
    };
    expect(canonical(nest(20))).toBe(nest(20));
    expect(canonical(nest(80))).toContain('refused: messages are nested more than 100 deep');
  });
});

const varint = (value: number): readonly number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...varint(value >> 7)];

describe('commands in protobuf', () => {
  const roundTrip = (draft: Omit<CommandDraft, 'version' | 'issuedBy' | 'annotations'>) => {
    const full: CommandDraft = { version: 1, issuedBy: 'tamiyo', annotations: { a: '1' }, ...draft };
    const received = readCommand(encodeCommand(full, IDENTITY));
    if (!received.ok) throw new Error(received.error);
    expect(received.value.draft()).toEqual({ ok: true, value: full });
    expect(received.value).toMatchObject({ commandId: IDENTITY.commandId, signature: undefined });
  };

  it.each<readonly [string, Omit<CommandDraft, 'version' | 'issuedBy' | 'annotations'>]>([
    [
      'SEED',
      {
        commandType: 'SEED',
        targetSeedId: 's',
        seedOperation: { operation: 'CULL', blueprintId: 'b', parameters: { x: 0.5 } },
      },
    ],
    [
      'OPTIMIZER',
      { commandType: 'OPTIMIZER', optimizerAdjustment: { optimizerId: 'sgd', hyperparameters: { lr: -2 } } },
    ],
    [
      'CIRCUIT_BREAKER',
      { commandType: 'CIRCUIT_BREAKER', circuitBreaker: { desiredState: 'HALF_OPEN', rationale: 'r' } },
    ],
    ['ROLLBACK', { commandType: 'ROLLBACK', rollback: { tier: 'full', reason: 'loss' } }],
    ['PAUSE with a deadline', { commandType: 'PAUSE', executionDeadlineMs: 7 }],
    ['EMERGENCY', { commandType: 'EMERGENCY' }],
  ])('%s comes back as it was', (_, draft) => roundTrip(draft));

  const draftOf = (hex: string) => {
    const received = readCommand(bytesOf(hex));
    return received.ok ? received.value.draft() : received;
  };

  it.each([
    ['another version', '0802', 'version is 2'],
    ['an unknown type', '0801 1863', 'command_type 99 is unknown'],
    ['an unknown operation', '0801 1801 5202 0863', 'seed operation 99 is unknown'],
    ['an unknown circuit state', '0801 1804 6202 0863', 'circuit state 99 is unknown'],
    ['an infinite parameter', '0801 1801 520c 0801 1a08 0a0161 15 0000807f', 'a parameter is not finite'],
    ['a rollback without a tier', '0801 1802 6a00', 'a rollback payload needs a tier'],
  ])('%s is no draft', (_, given, error) => {
    expect(draftOf(given)).toMatchObject({ ok: false, error: expect.stringContaining(error) });
  });

  it('refuses to write what it could not read back', () => {
    const write = (parameters: Record<string, number>) => () =>
      encodeCommand(
        {
          version: 1,
          commandType: 'SEED',
          issuedBy: 't',
          annotations: {},
          seedOperation: { operation: 'GERMINATE', blueprintId: 'b', parameters },
        },
        IDENTITY,
      );
    expect(write({ a: 1e39 })).toThrow('parameter "a" is no finite float32');
    expect(write(Object.fromEntries([['__proto__', 1]]))).toThrow('__proto__');
    expect(write({ a: 3.4028234e38 })).not.toThrow();
  });

  it('orders keys by UTF-8 bytes, a longer key before its own beginning', () => {
    const key = fc
      .array(fc.constantFrom('a', 'b', 'é', '\u{10000}', '\uffff'), { maxLength: 4 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(key, key, (a, b) => {
        const [left, right] = [Buffer.from(a), Buffer.from(b)];
        const isBeginning = left.subarray(0, right.length).equals(right) || right.subarray(0, left.length).equals(left);
        const expected = isBeginning ? right.length - left.length : Buffer.compare(left, right);
        expect(Math.sign(compareMapKeys(left, right))).toBe(Math.sign(expected));
      }),
    );
  });
});
