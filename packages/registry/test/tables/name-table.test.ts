import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  admitName,
  indexOf,
  nameTable,
  parseTable,
  register,
  TABLE_SPECS,
  tableDigest,
  tableText,
} from '../../src/index.js';
import { sha256 } from '../../src/node.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const SPEC = { capacity: 4096, seeded: [] };

describe('name tables', () => {
  it('RG-01: the first name gets 1, each new one size + 1, the blank name is 0, and known names keep theirs', () => {
    let table = nameTable(10);
    for (const [name, index] of [
      ['a', 1],
      ['zz', 2],
      ['', 0],
      ['é', 3],
      ['a', 1],
    ] as const) {
      const registered = register(table, name);
      expect(registered).toMatchObject({ ok: true, value: { index } });
      if (registered.ok) table = registered.value.table;
    }
    expect([indexOf(table, 'zz'), indexOf(table, ''), indexOf(table, 'none')]).toEqual([2, 0, undefined]);
  });

  it('RG-02: the seven tables have the capacities and files of the prototype', () => {
    expect(Object.entries(TABLE_SPECS).map(([name, { file, capacity }]) => [name, file, capacity])).toEqual([
      ['seed', 'seed_registry.json', 1024],
      ['blueprint', 'blueprint_registry.json', 1024],
      ['schedule', 'schedule_registry.json', 64],
      ['layer_type', 'layer_type_registry.json', 1024],
      ['activation_type', 'activation_type_registry.json', 1024],
      ['optimizer_family', 'optimizer_family_registry.json', 256],
      ['hazard_class', 'hazard_class_registry.json', 256],
    ]);
  });

  it('RG-03: blending methods and optimizer families have fixed indices', () => {
    const { schedule, optimizer_family: optimizers } = TABLE_SPECS;
    const tableOf = ({ capacity, seeded }: typeof schedule) => nameTable(capacity, seeded);
    expect([...tableOf(schedule).indexByName]).toEqual([
      ['linear', 1],
      ['cosine', 2],
      ['warmup_hold', 3],
    ]);
    expect(['sgd', 'adam', 'adamw', 'rmsprop', 'adagrad'].map((name) => indexOf(tableOf(optimizers), name))).toEqual([
      1, 2, 3, 4, 5,
    ]);
    expect(parseTable(bytes('{"cosine": 1}'), schedule, 'the file')).toMatchObject({ ok: false });
  });

  it('RG-04: a full table refuses every new name alike, with the table unchanged and no index given twice', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }), { minLength: 8 }), (names) => {
        let table = nameTable(5);
        const given = new Map<string, number>();
        for (const name of names) {
          const registered = register(table, name);
          if (registered.ok) {
            table = registered.value.table;
            given.set(name, registered.value.index);
          } else expect(registered.error.code).toBe('TABLE_FULL');
        }
        expect([...given.values()]).toEqual([1, 2, 3, 4]);
        expect(table.indexByName).toEqual(given);
      }),
    );
  });

  it('RG-15: packet ids, UUIDs and placeholders are no names', () => {
    for (const name of ['training-run-step-17', 'run_step_3', 'step-1', 'bp-unknown', 'unknown']) {
      expect(admitName(name), name).toMatchObject({ error: { code: 'TABLE_NAME_TRANSIENT' } });
    }
    expect(admitName('0F8FAD5B-D9CB-469F-A165-70867728950E')).toMatchObject({ ok: false });
    expect(admitName('x'.repeat(257))).toMatchObject({ error: { code: 'TABLE_NAME_INVALID' } });
    for (const name of ['seed-17', 'conv3x3', 'BP001', 'two-step-conv', 'stepwise'])
      expect(admitName(name).ok, name).toBe(true);
  });

  it('RG-07: the digest is over the compact ASCII JSON of the pairs, sorted by code point', () => {
    expect(tableDigest(nameTable(5), sha256)).toBe(sha256(bytes('[]')));
    // U+FB00 sorts before U+1F600, although its UTF-16 unit is the larger one.
    const table = nameTable(9, ['\u{1f600}', '\ufb00', 'b', 'a"\n\u007f']);
    const json = '[["a\\"\\n\\u007f",4],["b",3],["\\ufb00",2],["\\ud83d\\ude00",1]]';
    expect(tableDigest(table, sha256)).toBe(sha256(bytes(json)));
    expect(tableDigest(table, sha256, 1)).toBe(sha256(bytes('[["\\ud83d\\ude00",1]]')));
  });

  it('RG-16: the digest of a table is computed once', () => {
    let calls = 0;
    const counting = (given: Uint8Array): string => {
      calls += 1;
      return sha256(given);
    };
    const table = nameTable(
      2000,
      Array.from({ length: 1000 }, (_, i) => `seed-${i}`),
    );
    const digests = new Set(Array.from({ length: 100 }, () => tableDigest(table, counting)));
    expect({ digests: digests.size, calls }).toEqual({ digests: 1, calls: 1 });
  });
});

describe('the file of a table', () => {
  it('what is written is read again, whatever the names', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: 'binary', minLength: 1, maxLength: 8 })), (names) => {
        const table = nameTable(4096, names);
        const parsed = parseTable(bytes(tableText(table)), SPEC, 'the file');
        expect(parsed.ok && [...parsed.value.indexByName]).toEqual([...table.indexByName]);
      }),
    );
  });

  it('keeps the indices of names that look like numbers, which JavaScript would put first', () => {
    const table = nameTable(9, ['b', '10', '2', '__proto__']);
    expect(tableText(table)).toBe('{"b": 1, "10": 2, "2": 3, "__proto__": 4}');
    const parsed = parseTable(bytes(tableText(table)), SPEC, 'the file');
    expect(parsed.ok && [...parsed.value.indexByName]).toEqual([...table.indexByName]);
  });

  it.each([
    ['', 'is not JSON'],
    ['\ufeff{}', 'is not JSON'],
    ['[]', 'is not an object of names and indices'],
    ['null', 'is not an object of names and indices'],
    ['{"a":1,"a":1}', 'names a key twice'],
    ['{"a":1,"\\u0061":1}', 'names a key twice'],
    ['{"a":"1"}', 'gives "a" an index that is no whole number'],
    ['{"a":1.5}', 'gives "a" an index that is no whole number'],
    ['{"a":true}', 'gives "a" an index that is no whole number'],
    ['{"a":null}', 'gives "a" an index that is no whole number'],
    ['{"a":-0}', 'gives "a" an index that is no whole number'],
    ['{"a":1e400}', 'gives "a" an index that is no whole number'],
    ['{"a":0}', 'gives "a" the index 0, outside 1 to 1'],
    ['{"a":1,"b":3}', 'gives "b" the index 3, outside 1 to 2'],
    ['{"a":2,"b":2}', 'gives the index 2 twice'],
    ['{"":1}', 'gives the blank name an index; it is always 0'],
  ])('RG-06: %s is a typed error that says what is wrong', (text, what) => {
    expect(parseTable(bytes(text), SPEC, 'seed_registry.json')).toEqual({
      ok: false,
      error: { code: 'TABLE_CORRUPT', message: `seed_registry.json ${what}` },
    });
  });

  it('refuses bytes that are not UTF-8, files that are too large, and more names than there are indices', () => {
    expect(parseTable(Uint8Array.of(0x7b, 0xff, 0x7d), SPEC, 'f')).toMatchObject({
      error: { message: 'f is not UTF-8' },
    });
    expect(parseTable(new Uint8Array((4 << 20) + 1), SPEC, 'f')).toMatchObject({ ok: false });
    const full = parseTable(bytes('{"a":1,"b":2,"c":3}'), { capacity: 3, seeded: [] }, 'f');
    expect(full).toMatchObject({ error: { message: 'f holds 3 names, at most 2' } });
  });
});
