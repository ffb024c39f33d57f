import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReusedMemory } from '../../src/adapters/hosting/lay-out-memory.js';
import { encodeHeader, FrameAssembler, type FrameHeader } from '../../src/adapters/hosting/pipe-frame.js';
import { readTensors, TensorWriter } from '../../src/adapters/hosting/tensor-frame.js';
import { firstNonfinite } from '../../src/core/hosting/finite.js';
import type { PlainTensor, TensorMap } from '../../src/core/network/feeds.js';
import { CellList, ScatteredTensor, type Scattering } from '../../src/core/network/scattered-tensor.js';

const shape = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 });
const size = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);
const tensor: fc.Arbitrary<PlainTensor> = shape.chain((dims) =>
  fc.oneof(
    fc
      .array(fc.float(), { minLength: size(dims), maxLength: size(dims) })
      .map((data): PlainTensor => ({ type: 'float32', dims, data: Float32Array.from(data) })),
    fc
      .array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: size(dims), maxLength: size(dims) })
      .map((data): PlainTensor => ({ type: 'int64', dims, data: BigInt64Array.from(data) })),
  ),
);
const tensorMap: fc.Arbitrary<TensorMap> = fc.dictionary(fc.string({ minLength: 1, maxLength: 6 }), tensor, {
  maxKeys: 8,
});

type CellPairs = readonly (readonly [number, number])[];
const listOf = (pairs: CellPairs): CellList => {
  const list = new CellList(pairs.length);
  for (const [cell, value] of pairs) list.put(cell, value);
  return list;
};
const baseOf = (pattern: readonly number[], pairs: CellPairs = []): Scattering => ({
  pattern: Float32Array.from(pattern),
  ...listOf(pairs).taken(),
});

const float = fc.float({ noNaN: true });
const scattered: fc.Arbitrary<ScatteredTensor> = fc
  .tuple(fc.integer({ min: 1, max: 7 }), fc.array(float, { minLength: 1, maxLength: 5 }))
  .chain(([rows, pattern]) => {
    const pairs = fc.array(fc.tuple(fc.nat(rows * pattern.length - 1), float), { maxLength: 12 });
    return fc
      .tuple(pairs, pairs)
      .map(([below, own]) => listOf(own).tensor([rows, pattern.length], baseOf(pattern, below)));
  });

describe('scattered tensors', () => {
  it('read like the array they describe: the pattern in every row, then the cells, the later of two in one place', () => {
    fc.assert(
      fc.property(scattered, (tensor) => {
        const [rows = 0] = tensor.dims;
        const expected = Array.from({ length: rows }, () => [...tensor.base.pattern]).flat();
        for (const { cells, values } of [tensor.base, tensor])
          for (const [at, cell] of cells.entries()) expected[cell] = values[at] as number;
        expect(tensor.data).toEqual(Float32Array.from(expected));
      }),
    );
  });

  it('arrive as that array, however often the memory is used again', () => {
    const writer = new TensorWriter({ readerRemembers: true });
    const memory = new ReusedMemory();
    fc.assert(
      fc.property(scattered, fc.array(fc.float(), { maxLength: 6 }), (tensor, numbers) => {
        const plain: PlainTensor = { type: 'float32', dims: [numbers.length], data: Float32Array.from(numbers) };
        const bytes = writer.write(['a', 'b'], { a: tensor, b: plain }).slice();
        const read = readTensors(['a', 'b'], bytes, memory);
        expect(read).toEqual({ a: { type: 'float32', dims: tensor.dims, data: tensor.data }, b: plain });
        memory.wipe();
      }),
    );
  });

  it('a base is sent once and stays: nothing is left of the tensors before, refused ones and other bases among them', () => {
    const size = 6;
    const bases = [baseOf([0]), baseOf([-0, -1], [[2, 5]]), baseOf([1, 2, 3], [[0, 9]]), baseOf([0], [[size, 1]])];
    const cells = fc.array(fc.tuple(fc.nat(size), float), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(bases.length - 1), cells), { maxLength: 12 }), (calls) => {
        const writer = new TensorWriter({ readerRemembers: true });
        const memory = new ReusedMemory();
        for (const [which, own] of calls) {
          const tensor = listOf(own).tensor([size], bases[which] as Scattering);
          const bytes = writer.write(['x'], { x: tensor }).slice();
          const refused = which === 3 || own.some(([at]) => at >= size);
          if (refused) {
            expect(() => readTensors(['x'], bytes, memory)).toThrow(RangeError);
            writer.forget();
          } else expect(readTensors(['x'], bytes, memory)['x']?.data).toEqual(tensor.data);
          memory.wipe();
        }
      }),
    );
  });

  it('the second frame of a base is shorter, and refused by whoever does not know the base', () => {
    const base = baseOf(Array(50).fill(1));
    const tensor = new CellList(0).tensor([100], base);
    const writer = new TensorWriter({ readerRemembers: true });
    const [first, second] = [1, 2].map(() => writer.write(['x'], { x: tensor }).slice()) as [Uint8Array, Uint8Array];
    expect(first.byteLength - second.byteLength).toBeGreaterThanOrEqual(200);
    const memory = new ReusedMemory();
    const unknown = 'x stands on a base that is not known here';
    expect(() => readTensors(['x'], second, memory)).toThrow(unknown);
    expect(() => readTensors(['x'], second)).toThrow(unknown);
    readTensors(['x'], first, memory);
    expect(readTensors(['x'], second, memory)['x']?.data).toEqual(tensor.data);
    const other = writer.write(['x'], { x: new CellList(0).tensor([99], base) });
    expect(() => readTensors(['x'], other, memory)).toThrow(unknown);
  });

  it('a cell outside, a missing pattern and a size beyond all bounds are refused where they are read', () => {
    const base = baseOf([0, 0]);
    const given = { dims: [2, 2], base, cells: Int32Array.of(4), values: Float32Array.of(1) };
    const bytesOf = (tensor: ScatteredTensor) => new TensorWriter().write(['x'], { x: tensor }).slice();
    expect(() => new ScatteredTensor(given).data).toThrow('cell 4 of 4');
    expect(() => readTensors(['x'], bytesOf(new ScatteredTensor(given)))).toThrow('cell 4 of 4');
    expect(() => readTensors(['x'], bytesOf(new ScatteredTensor({ ...given, cells: Int32Array.of(-1) })))).toThrow(
      'cell -1 of 4',
    );
    const bare = new ScatteredTensor({ ...given, base: baseOf([]) });
    expect(() => readTensors(['x'], bytesOf(bare))).toThrow('no pattern');
    const vast = new ScatteredTensor({ ...given, dims: [2 ** 16, 2 ** 15] });
    expect(() => readTensors(['x'], bytesOf(vast))).toThrow(RangeError);
    const list = new CellList(0);
    list.put(0, 1);
    expect(() => list.tensor([1], base)).toThrow('1 cells, room for 0');
  });
});

describe('tensor frames', () => {
  it('what is written is read, empty tensors and scalars included, while the writer is used again', () => {
    const writer = new TensorWriter();
    fc.assert(
      fc.property(tensorMap, (tensors) => {
        const names = Object.keys(tensors);
        expect(readTensors(names, writer.write(names, tensors).slice())).toEqual({ ...tensors });
      }),
    );
  });

  it('grows for a large tensor', () => {
    const big = { x: { type: 'float32', dims: [50_000], data: new Float32Array(50_000).fill(2) } } as const;
    expect(readTensors(['x'], new TensorWriter().write(['x'], big))).toEqual(big);
  });

  it('refuses to write what is absent, too deep, or has other data than its shape', () => {
    const writer = new TensorWriter();
    const data = Float32Array.of(1, 2);
    expect(() => writer.write(['x'], {})).toThrow('there is no tensor x');
    expect(() => writer.write(['x'], { x: { type: 'float32', dims: [3], data } })).toThrow(
      'x has shape [3] and 2 values',
    );
    for (const dims of [[-1, -2], [0.5, 4], [Number.NaN]]) {
      expect(() => writer.write(['x'], { x: { type: 'float32', dims, data } })).toThrow('whole numbers');
    }
    expect(() => writer.write(['x'], { x: { type: 'float32', dims: Array(9).fill(1), data } })).toThrow('rank 9');
  });

  it('refuses to read bytes that do not add up: every truncation, and damage to any word of the head', () => {
    const names = ['a', 'b'];
    const bytes = new TensorWriter()
      .write(names, {
        a: { type: 'float32', dims: [2, 3], data: new Float32Array(6) },
        b: { type: 'int64', dims: [2], data: BigInt64Array.of(1n, 2n) },
      })
      .slice();
    for (let length = 0; length < bytes.length; length += 4) {
      expect(() => readTensors(names, bytes.slice(0, length))).toThrow(RangeError);
    }
    for (let word = 0; word < 8; word += 1) {
      const damaged = bytes.slice();
      damaged[word * 4 + 2] = 0xff;
      expect(() => readTensors(names, damaged)).toThrow(RangeError);
    }
  });
});

describe('pipe frames', () => {
  it('come together again from any pieces', () => {
    const frame = fc.record({ call: fc.nat(), body: fc.uint8Array({ maxLength: 40 }) });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 30 })), (frames, cuts) => {
        const wire = Buffer.concat(
          frames.flatMap(({ call, body }) => [
            encodeHeader({ kind: 'run', call, runMs: call / 2, bodyBytes: body.byteLength }),
            body,
          ]),
        );
        const seen: { header: FrameHeader; body: Uint8Array }[] = [];
        const assembler = new FrameAssembler(100, (header, body) => seen.push({ header, body }));
        let at = 0;
        for (const cut of [...cuts, wire.byteLength]) {
          assembler.push(wire.subarray(at, at + cut));
          at += cut;
        }
        expect(seen.map(({ header, body }) => ({ call: header.call, body }))).toEqual(frames);
      }),
    );
  });

  it('refuse a stray writer and an oversized body', () => {
    const assembler = new FrameAssembler(10, () => undefined);
    expect(() => assembler.push(new TextEncoder().encode('Warning: something on the pipe'))).toThrow('not a frame');
    const big = new FrameAssembler(10, () => undefined);
    expect(() => big.push(encodeHeader({ kind: 'run', call: 1, runMs: 0, bodyBytes: 11 }))).toThrow(
      '11 bytes, at most 10',
    );
  });
});

describe('firstNonfinite', () => {
  it('names the first tensor with a NaN or an infinity, whatever surrounds it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true })),
        fc.constantFrom(Number.NaN, 1 / 0, -1 / 0),
        (good, bad) => {
          const of = (data: number[]): PlainTensor => ({
            type: 'float32',
            dims: [data.length],
            data: Float32Array.from(data),
          });
          expect(firstNonfinite({ a: of(good) })).toBeUndefined();
          expect(firstNonfinite({ a: of(good), b: of([...good, bad, ...good]) })).toBe('b');
          const list = new CellList(1);
          list.put(0, bad);
          expect(firstNonfinite({ a: list.tensor([2], baseOf([0])) })).toBe('a');
          const base = baseOf([0], [[0, bad]]);
          for (const tensor of [new CellList(0).tensor([2], baseOf([1, bad])), new CellList(0).tensor([2], base)])
            for (let twice = 0; twice < 2; twice += 1) expect(firstNonfinite({ b: tensor })).toBe('b');
        },
      ),
    );
  });
});
