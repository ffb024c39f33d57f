import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReusedMemory } from '../../src/adapters/hosting/lay-out-memory.js';
import { encodeHeader, FrameAssembler, type FrameHeader } from '../../src/adapters/hosting/pipe-frame.js';
import { readTensors, TensorReader } from '../../src/adapters/hosting/tensor-reader.js';
import { TensorWriter } from '../../src/adapters/hosting/tensor-writer.js';
import { firstNonfinite } from '../../src/core/hosting/finite.js';
import type { PlainTensor, TensorMap } from '../../src/core/network/feeds.js';
import {
  CellList,
  type Cells,
  layOut,
  NO_CELLS,
  ScatteredTensor,
  type Scattering,
} from '../../src/core/network/scattered-tensor.js';

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

const partOf = (cells: readonly (readonly [number, number])[]): Cells => {
  const list = new CellList(cells.length);
  for (const [cell, value] of cells) list.put(cell, value);
  return list.part();
};

const scattered: fc.Arbitrary<ScatteredTensor> = fc
  .tuple(fc.integer({ min: 1, max: 7 }), fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 5 }))
  .chain(([rows, pattern]) => {
    const cell = fc.tuple(fc.nat(rows * pattern.length - 1), fc.float({ noNaN: true }));
    const part = fc.array(cell, { maxLength: 12 }).map(partOf);
    return fc
      .record({ shared: fc.oneof(fc.constant(NO_CELLS), part), own: part })
      .map(
        (cells) => new ScatteredTensor({ dims: [rows, pattern.length], pattern: Float32Array.from(pattern), ...cells }),
      );
  });

describe('scattered tensors', () => {
  it('read like the array they describe: the pattern in every row, then the cells, the later of two in one place', () => {
    fc.assert(
      fc.property(scattered, (tensor) => {
        const [rows = 0] = tensor.dims;
        const expected = Array.from({ length: rows }, () => [...tensor.pattern]).flat();
        for (const { cells, values } of [tensor.shared, tensor.own])
          for (const [at, cell] of cells.entries()) expected[cell] = values[at] as number;
        expect(tensor.data).toEqual(Float32Array.from(expected));
      }),
    );
  });

  it('arrive as that array, however often the memory is used again', () => {
    const writer = new TensorWriter();
    const memory = new ReusedMemory();
    fc.assert(
      fc.property(scattered, fc.array(fc.float(), { maxLength: 6 }), fc.boolean(), (tensor, numbers, wiped) => {
        const plain: PlainTensor = { type: 'float32', dims: [numbers.length], data: Float32Array.from(numbers) };
        const bytes = writer.write(['a', 'b'], { a: tensor, b: plain }).slice();
        const read = readTensors(['a', 'b'], bytes, memory);
        expect(read).toEqual({ a: { type: 'float32', dims: tensor.dims, data: tensor.data }, b: plain });
        if (wiped) memory.wipe();
      }),
    );
  });

  it('only the cells are written where the pattern lies already, and nothing is left of the tensor before', () => {
    const size = 6;
    const scatteringOf = (pattern: readonly number[], cells: readonly (readonly [number, number])[]): Scattering => ({
      pattern: Float32Array.from(pattern),
      shared: NO_CELLS,
      own: partOf(cells),
    });
    const pattern = fc.constantFrom([0], [0, -1], [-0, -1], [1, 2, 3]);
    const cell = fc.tuple(fc.nat(size), fc.float({ noNaN: true }));
    fc.assert(
      fc.property(fc.array(fc.tuple(pattern, fc.array(cell, { maxLength: 4 }), fc.boolean())), (calls) => {
        const memory = new ReusedMemory();
        for (const [repeated, cells, wiped] of calls) {
          const scattering = scatteringOf(repeated, cells);
          const laid = () => memory.layOut('x', size, scattering);
          if (cells.some(([at]) => at >= size)) expect(laid).toThrow(RangeError);
          else expect(laid()).toEqual(layOut(scattering, new Float32Array(size)));
          if (wiped) memory.wipe();
        }
      }),
    );
    const memory = new ReusedMemory();
    const first = memory.layOut('x', size, scatteringOf([0, -1], [[2, 5]]));
    memory.wipe();
    expect(memory.layOut('x', size, scatteringOf([0, -1], [[3, 7]]))).toBe(first);
  });

  it('shared cells travel once for as long as they stay, and whoever reads frame after frame misses nothing', () => {
    const shapes = [
      [4, 3],
      [2, 3],
    ] as const;
    const cell = fc.tuple(fc.nat(5), fc.float({ noNaN: true }));
    const part = fc.array(cell, { maxLength: 5 }).map(partOf);
    const call = fc.record({
      shared: fc.nat(3),
      shape: fc.nat(1),
      pattern: fc.constantFrom([0], [0, 0, -1]),
      own: part,
      wiped: fc.boolean(),
      forgotten: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.tuple(part, part, part), fc.array(call, { maxLength: 12 }), (parts, calls) => {
        const writer = new TensorWriter();
        const memory = new ReusedMemory();
        const reader = new TensorReader(['a', 'b'], memory);
        const inbox = new Uint8Array(4096);
        for (const { shared, shape, pattern, own, wiped, forgotten } of calls) {
          const given = { dims: shapes[shape] as readonly number[], pattern: Float32Array.from(pattern), own };
          const a = new ScatteredTensor({ ...given, shared: parts[shared] ?? NO_CELLS });
          const b = new ScatteredTensor({ ...given, shared: parts[0] });
          if (forgotten) writer.forget();
          const frame = writer.write(['a', 'b'], { a, b });
          inbox.set(frame);
          const read = reader.read(inbox.subarray(0, frame.byteLength));
          expect([read['a']?.data, read['b']?.data]).toEqual([a.data, b.data]);
          if (wiped) memory.wipe();
        }
      }),
    );
    const writer = new TensorWriter();
    const reader = new TensorReader(['x']);
    const x = new ScatteredTensor({ dims: [9], pattern: new Float32Array(1), shared: partOf([[8, 1]]), own: NO_CELLS });
    const frames = [x, x].map((tensor) => writer.write(['x'], { x: tensor }).slice());
    expect(frames.map(({ byteLength }) => byteLength)).toEqual([56, 40]);
    const withOthers = new TensorReader(['x']);
    withOthers.read(
      new TensorWriter().write(['x'], {
        x: new ScatteredTensor({
          ...x,
          shared: partOf([
            [0, 1],
            [1, 1],
          ]),
        }),
      }),
    );
    for (const stranger of [reader, withOthers]) {
      expect(() => stranger.read(frames[1] as Uint8Array)).toThrow('x builds on 1 cells that are not kept');
    }
    for (const frame of frames) expect(reader.read(frame)['x']?.data).toEqual(x.data);
    writer.forget();
    expect(writer.write(['x'], { x })).toEqual(frames[0]);

    const broken = new ScatteredTensor({ ...x, shared: partOf([[7, 2]]), own: partOf([[99, 1]]) });
    const mended = new ScatteredTensor({ ...x, shared: broken.shared });
    expect(() => reader.read(writer.write(['x'], { x: broken }))).toThrow('cell 99 of 9');
    expect(reader.read(writer.write(['x'], { x: mended }))['x']?.data).toEqual(mended.data);
  });

  it('a cell outside, a missing pattern and a size beyond all bounds are refused where they are read', () => {
    const given = { dims: [2, 2], pattern: new Float32Array(2), shared: NO_CELLS, own: partOf([[4, 1]]) };
    const bytesOf = (tensor: ScatteredTensor) => new TensorWriter().write(['x'], { x: tensor }).slice();
    expect(() => new ScatteredTensor(given).data).toThrow('cell 4 of 4');
    expect(() => readTensors(['x'], bytesOf(new ScatteredTensor(given)))).toThrow('cell 4 of 4');
    expect(() => readTensors(['x'], bytesOf(new ScatteredTensor({ ...given, own: partOf([[-1, 1]]) })))).toThrow(
      'cell -1 of 4',
    );
    const bare = new ScatteredTensor({ ...given, pattern: new Float32Array(0) });
    expect(() => readTensors(['x'], bytesOf(bare))).toThrow('no pattern');
    const vast = new ScatteredTensor({ ...given, dims: [2 ** 16, 2 ** 15] });
    expect(() => readTensors(['x'], bytesOf(vast))).toThrow(RangeError);
    const list = new CellList(0);
    list.put(0, 1);
    expect(() => list.part()).toThrow('1 cells, room for 0');
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

  it('a reader that is used again reads what a new one does, wherever the frames lie and whatever shapes come in turn', () => {
    const numbers = fc.array(fc.float(), { minLength: 3, maxLength: 3 });
    const shapes = fc.constantFrom([3], [3, 1], [1, 3]);
    const frame = fc.record({ dims: shapes, a: numbers, b: scattered, moved: fc.boolean(), wiped: fc.boolean() });
    fc.assert(
      fc.property(fc.array(frame, { minLength: 2, maxLength: 8 }), (frames) => {
        const memory = new ReusedMemory();
        const reader = new TensorReader(['a', 'b'], memory);
        const writer = new TensorWriter();
        for (const { dims, a, b, moved, wiped } of frames) {
          const tensors: TensorMap = { a: { type: 'float32', dims, data: Float32Array.from(a) }, b };
          const bytes = writer.write(['a', 'b'], tensors);
          const copy = bytes.slice();
          if (moved) bytes.fill(0);
          expect(reader.read(moved ? copy : bytes)).toEqual({
            a: tensors['a'],
            b: { type: 'float32', dims: b.dims, data: b.data },
          });
          if (wiped) memory.wipe();
        }
      }),
    );
  });

  it('a frame of the same shape in the same place gives the same tensors again, with its own numbers in them', () => {
    const memory = new ReusedMemory();
    const reader = new TensorReader(['a', 'b'], memory);
    const writer = new TensorWriter();
    const of = (value: number): TensorMap => ({
      a: { type: 'float32', dims: [1], data: Float32Array.of(value) },
      b: new ScatteredTensor({ dims: [2], pattern: Float32Array.of(0), shared: NO_CELLS, own: partOf([[1, value]]) }),
    });
    const first = reader.read(writer.write(['a', 'b'], of(1)));
    memory.wipe();
    const second = reader.read(writer.write(['a', 'b'], of(2)));
    expect(second['a']).toBe(first['a']);
    expect(second['b']).toBe(first['b']);
    expect([second['a']?.data, second['b']?.data]).toEqual([Float32Array.of(2), Float32Array.of(0, 2)]);
  });

  it('a reader that was given bytes that do not add up reads the next good ones', () => {
    const reader = new TensorReader(['a']);
    const good = { a: { type: 'float32', dims: [2], data: Float32Array.of(1, 2) } } as const;
    const bytes = new TensorWriter().write(['a'], good);
    expect(reader.read(bytes)).toEqual(good);
    expect(() => reader.read(bytes.subarray(0, bytes.byteLength - 8))).toThrow(RangeError);
    expect(reader.read(bytes)).toEqual(good);
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
            encodeHeader({ kind: 'run', call, runMs: call / 2, readyAtMs: call * 3, bodyBytes: body.byteLength }),
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
        for (const { header } of seen)
          expect(header).toMatchObject({ runMs: header.call / 2, readyAtMs: header.call * 3 });
      }),
    );
  });

  it('refuse a stray writer and an oversized body', () => {
    const assembler = new FrameAssembler(10, () => undefined);
    expect(() => assembler.push(new TextEncoder().encode('Warning: something stray on the pipe'))).toThrow(
      'not a frame',
    );
    const big = new FrameAssembler(10, () => undefined);
    expect(() => big.push(encodeHeader({ kind: 'run', call: 1, runMs: 0, readyAtMs: 0, bodyBytes: 11 }))).toThrow(
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
          const cellsOf = (pattern: readonly number[], shared: Cells, own: Cells): TensorMap => ({
            a: new ScatteredTensor({ dims: [2], pattern: Float32Array.from(pattern), shared, own }),
          });
          const [sound, broken] = [partOf([[0, 1]]), partOf([[0, bad]])];
          const known = new WeakSet<Cells>();
          expect(firstNonfinite(cellsOf([0], sound, sound), known)).toBeUndefined();
          expect(known.has(sound)).toBe(true);
          expect(firstNonfinite(cellsOf([0], broken, sound), known)).toBe('a');
          expect(firstNonfinite(cellsOf([0], broken, sound), known)).toBe('a');
          expect(firstNonfinite(cellsOf([0], sound, broken), known)).toBe('a');
          expect(firstNonfinite(cellsOf([1, bad], NO_CELLS, NO_CELLS), known)).toBe('a');
        },
      ),
    );
  });
});
