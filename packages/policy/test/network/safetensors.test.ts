import { SeededRandom } from '@esper/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSafetensors, SAFETENSORS_LIMITS, type TensorSet, writeSafetensors } from '../../src/index.js';
import { must } from './samples.js';

/** A file from a header text and data bytes, right or wrong. */
function file(header: string, data: Uint8Array = new Uint8Array(), declared?: bigint): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, declared ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const one = (value: number): Uint8Array => new Uint8Array(Float32Array.of(value).buffer);
const entry = (name: string, rest: object): string =>
  JSON.stringify({ [name]: { dtype: 'F32', shape: [1], data_offsets: [0, 4], ...rest } });

const set = (tensors: Record<string, [number[], number[]]>, metadata: Record<string, string> = {}): TensorSet => ({
  metadata,
  tensors: new Map(
    Object.entries(tensors).map(([name, [shape, data]]) => [name, { shape, data: Float32Array.from(data) }]),
  ),
});

describe('reading safetensors', () => {
  it('reads a file written by hand, byte by byte', () => {
    const header =
      '{"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}  ';
    const read = must(readSafetensors(file(header, new Uint8Array(Float32Array.of(0.5, -1, 2).buffer))));
    expect(read.metadata).toEqual({ format: 'pt' });
    expect(read.tensors.get('a')).toEqual({ shape: [], data: Float32Array.of(0.5) });
    expect(read.tensors.get('b')).toEqual({ shape: [2], data: Float32Array.of(-1, 2) });
  });

  it('reads at any alignment of the buffer and shares no memory with it', () => {
    const bytes = file(entry('w', {}), one(3));
    const shifted = new Uint8Array(bytes.length + 3).subarray(3);
    shifted.set(bytes);
    const read = must(readSafetensors(shifted));
    shifted.fill(0);
    expect(read.tensors.get('w')?.data).toEqual(Float32Array.of(3));
  });

  const malformed: [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(), /header length/],
    ['a header longer than the file', file('{}', undefined, 3n), /inside the header/],
    ['text that is no JSON', file('{'), /JSON/],
    ['a list', file('[]'), /not an object/],
    ['bytes that are no UTF-8', file('{}').fill(0xff, 8), /UTF-8/],
    [
      'a tensor given twice',
      file(`{${entry('w', {}).slice(1, -1)},${entry('w', {}).slice(1)}`, one(1)),
      /"w" stands twice/,
    ],
    [
      'a key given twice inside a tensor',
      file('{"w":{"dtype":"F32","shape":[1],"sh\\u0061pe":[1],"data_offsets":[0,4]}}', one(1)),
      /"shape" stands twice/,
    ],
    ['an unknown key', file(entry('w', { extra: 1 }), one(1)), /exactly dtype, shape/],
    ['a missing key', file('{"w":{"dtype":"F32","shape":[1]}}', one(1)), /exactly dtype, shape/],
    ['a negative size', file(entry('w', { shape: [-1] }), one(1)), /list of counts/],
    ['a fractional size', file(entry('w', { shape: [0.5] }), one(1)), /list of counts/],
    ['three offsets', file(entry('w', { data_offsets: [0, 4, 8] }), one(1)), /pair of counts/],
    [
      'more bytes than the shape',
      file(entry('w', { data_offsets: [0, 8] }), new Uint8Array(8)),
      /8 bytes for a shape of 4/,
    ],
    ['reversed offsets', file(entry('w', { data_offsets: [4, 0] }), one(1)), /-4 bytes/],
    ['a gap', file(entry('w', { data_offsets: [4, 8] }), new Uint8Array(8)), /begins at 4, expected 0/],
    ['bytes behind the last tensor', file(entry('w', {}), new Uint8Array(8)), /end at 4 of 8/],
    ['a tensor that ends behind the file', file(entry('w', {}), new Uint8Array(3)), /end at 4 of 3/],
    [
      'two tensors over each other',
      file(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        one(1),
      ),
      /begins at 0, expected 4/,
    ],
    ['metadata that is not text', file('{"__metadata__":{"a":1}}'), /__metadata__.a is not text/],
    ['metadata that is a list', file('{"__metadata__":[]}'), /__metadata__ is not an object/],
  ];
  it.each(malformed)('refuses %s', (_, bytes, reason) => {
    const read = readSafetensors(bytes);
    expect(read).toMatchObject({ ok: false, error: { code: 'safetensors_malformed' } });
    expect(!read.ok && read.error.code === 'safetensors_malformed' && read.error.reason).toMatch(reason);
  });

  it('P-D40: accepts nothing but float32, and never a pickle', () => {
    expect(readSafetensors(file(entry('w', { dtype: 'F16', data_offsets: [0, 2] }), new Uint8Array(2)))).toEqual({
      ok: false,
      error: { code: 'safetensors_dtype', tensor: 'w', dtype: 'F16' },
    });
    const pickle = Uint8Array.from([0x80, 0x02, 0x7d, 0x71, 0x00, 0x2e, 0, 0, 0, 0]);
    expect(readSafetensors(pickle)).toMatchObject({ ok: false });
  });

  it('whatever stands where a text is expected is refused, and a refusal quotes only the begin of what the file says', () => {
    const long = 'n'.repeat(100_000);
    for (const hostile of [
      file('{"w":{"dtype":{"toString":1},"shape":[1],"data_offsets":[0,4]}}', one(1)),
      file('{"w":{"dtype":null,"shape":[1],"data_offsets":[0,4]}}', one(1)),
      file(entry(long, { shape: 'none' }), one(1)),
      file(entry(long, { dtype: long }), one(1)),
      file(`{"${long}":1,"${long}":2}`, one(1)),
      file(`{"__metadata__":{"${long}":1}}`, one(1)),
      file(entry(long, {}), one(Number.NaN)),
    ]) {
      const outcome = readSafetensors(hostile);
      expect(outcome.ok).toBe(false);
      expect(JSON.stringify(outcome).length).toBeLessThan(500);
    }
  });

  it('refuses sizes beyond each limit before it parses', () => {
    const bytes = file(entry('w', {}), one(1));
    const at = (limits: object) => readSafetensors(bytes, { limits: { ...SAFETENSORS_LIMITS, ...limits } });
    expect(at({ fileBytesMax: bytes.length })).toMatchObject({ ok: true });
    expect(at({ fileBytesMax: bytes.length - 1 })).toMatchObject({
      error: { code: 'safetensors_too_large', what: 'file bytes' },
    });
    expect(at({ headerBytesMax: 10 })).toMatchObject({ error: { what: 'header bytes', max: 10 } });
    expect(at({ tensorCountMax: 0 })).toMatchObject({ error: { what: 'tensors', actual: 1, max: 0 } });
    expect(readSafetensors(file('{}', undefined, 2n ** 63n))).toMatchObject({ error: { what: 'header bytes' } });
  });

  it('refuses NaN and infinities unless it is asked to pass them', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const bytes = file(entry('w', {}), one(value));
      expect(readSafetensors(bytes)).toEqual({ ok: false, error: { code: 'weights_nonfinite', tensor: 'w' } });
      expect(must(readSafetensors(bytes, { finiteOnly: false })).tensors.get('w')?.data[0]).toBe(value);
    }
  });
});

describe('writing safetensors', () => {
  it('sorts names, pads the header to eight bytes, and repeats itself byte for byte', () => {
    const a = writeSafetensors(set({ b: [[1], [2]], a: [[1], [1]] }));
    const b = writeSafetensors(set({ a: [[1], [1]], b: [[1], [2]] }));
    expect(a).toEqual(b);
    const length = Number(new DataView(a.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = new TextDecoder().decode(a.subarray(8, 8 + length));
    expect(header.trimEnd()).toBe(
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
    );
  });

  it('throws when a tensor does not fill its shape', () => {
    expect(() => writeSafetensors(set({ w: [[2], [1]] }))).toThrow('w has 1 numbers for shape [2]');
    expect(() => writeSafetensors(set({ __metadata__: [[1], [1]] }))).toThrow('__metadata__');
  });

  it('round trip: any set of tensors comes back as it was', () => {
    const tensor = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }).chain((shape) =>
      fc
        .array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
          minLength: shape.reduce((a, b) => a * b, 1),
          maxLength: shape.reduce((a, b) => a * b, 1),
        })
        .map((data): [number[], number[]] => [shape, data]),
    );
    const name = fc
      .string({ unit: 'binary', maxLength: 6 })
      .filter((text) => text !== '__metadata__' && text !== '__proto__');
    const text = fc.dictionary(
      fc.string().filter((key) => key !== '__proto__'),
      fc.string(),
      { maxKeys: 3 },
    );
    fc.assert(
      fc.property(fc.dictionary(name, tensor, { maxKeys: 5 }), text, (tensors, metadata) => {
        const given = set(tensors, metadata);
        const read = must(readSafetensors(writeSafetensors(given)));
        expect(new Map([...read.tensors].sort())).toEqual(new Map([...given.tensors].sort()));
        expect(read.metadata).toEqual(metadata);
      }),
      { numRuns: 200 },
    );
  });

  it('a damaged header is refused or read as other names, and never throws', () => {
    const good = writeSafetensors(
      set({
        weight: [
          [2, 2],
          [1, 2, 3, 4],
        ],
        bias: [[2], [5, 6]],
      }),
    );
    const random = new SeededRandom(7);
    for (let i = 0; i < 3000; i += 1) {
      const bytes = good.slice();
      const at = random.int(0, good.length - 25);
      bytes[at] = (bytes[at] as number) ^ (1 << random.int(0, 7));
      const read = readSafetensors(bytes);
      if (read.ok)
        for (const { shape, data } of read.value.tensors.values())
          expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
    }
  });
});
