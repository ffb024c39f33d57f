import { createHash } from 'node:crypto';
import type { PlainTensor, TensorMap } from '../../src/core/network/feeds.js';

/**
 * A small ONNX model that runs as long as its input says: `y = x` multiplied `trips` times by the unit matrix, in a Loop,
 * and `z = log(x + 1)`, which is finite for x > -1 alone. Written byte by byte, since the encoder of the package knows no
 * nested graphs.
 */
export const WIDTH = 64;
/** Hours of looping. */
export const FOR_EVER = 2_000_000_000n;

type Bytes = number[] | Uint8Array;

function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt(value);
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}
const concat = (parts: readonly Bytes[]): Uint8Array => Buffer.concat(parts.map((part) => Uint8Array.from(part)));
const int = (field: number, value: number): Bytes => [...varint(field << 3), ...varint(value)];
const bytes = (field: number, value: Bytes): Bytes => concat([varint((field << 3) | 2), varint(value.length), value]);
const text = (field: number, value: string): Bytes => bytes(field, new TextEncoder().encode(value));
const message = (field: number, ...parts: Bytes[]): Bytes => bytes(field, concat(parts));

const FLOAT = 1;
const INT64 = 7;
const BOOL = 9;

const dim = (size: number | string): Bytes => message(1, typeof size === 'number' ? int(1, size) : text(2, size));
const port = (field: number, name: string, [type, ...dims]: [number, ...(number | string)[]]): Bytes =>
  message(field, text(1, name), message(2, message(1, int(1, type), message(2, ...dims.map(dim)))));
const node = (op: string, inputs: string[], outputs: string[], attribute: Bytes = []): Bytes =>
  message(1, ...inputs.map((name) => text(1, name)), ...outputs.map((name) => text(2, name)), text(4, op), attribute);
const floats = (name: string, dims: number[], data: Float32Array): Bytes =>
  message(5, ...dims.map((size) => int(1, size)), int(2, FLOAT), text(8, name), bytes(9, new Uint8Array(data.buffer)));

const unit = Float32Array.from({ length: WIDTH * WIDTH }, (_, i) => (i % (WIDTH + 1) === 0 ? 1 : 0));
const body = concat([
  node('Identity', ['go_on'], ['go_on_out']),
  node('MatMul', ['v', 'unit'], ['v_out']),
  text(2, 'body'),
  port(11, 'i', [INT64]),
  port(11, 'go_on', [BOOL]),
  port(11, 'v', [FLOAT, 'rows', WIDTH]),
  port(12, 'go_on_out', [BOOL]),
  port(12, 'v_out', [FLOAT, 'rows', WIDTH]),
]);
const graph = [
  node('Loop', ['trips', '', 'x'], ['y'], message(5, text(1, 'body'), bytes(6, body), int(20, 5))),
  node('Add', ['x', 'one'], ['x_plus_one']),
  node('Log', ['x_plus_one'], ['z']),
  text(2, 'loop'),
  floats('unit', [WIDTH, WIDTH], unit),
  floats('one', [1], Float32Array.of(1)),
  port(11, 'x', [FLOAT, 'rows', WIDTH]),
  port(11, 'trips', [INT64]),
  port(12, 'y', [FLOAT, 'rows', WIDTH]),
  port(12, 'z', [FLOAT, 'rows', WIDTH]),
];

export const LOOP_MODEL: Uint8Array = concat([int(1, 8), message(7, ...graph), message(8, text(1, ''), int(2, 17))]);
export const LOOP_MODEL_SHA256 = createHash('sha256').update(LOOP_MODEL).digest('hex');

const row = (value: number): PlainTensor => ({
  type: 'float32',
  dims: [1, WIDTH],
  data: new Float32Array(WIDTH).fill(value),
});

/** Inputs that take `trips` rounds; `x` is the same number everywhere. */
export const loopInputs = (trips: bigint, x = 0.5): TensorMap => ({
  x: row(x),
  trips: { type: 'int64', dims: [], data: BigInt64Array.of(trips) },
});
