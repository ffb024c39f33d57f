import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeHeader, FrameAssembler, type FrameHeader } from '../../src/adapters/hosting/pipe-frame.js';
import { readTensors, TensorWriter } from '../../src/adapters/hosting/tensor-frame.js';
import { firstNonfinite } from '../../src/core/hosting/finite.js';
import type { PlainTensor, TensorMap } from '../../src/core/network/feeds.js';

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
        },
      ),
    );
  });
});
