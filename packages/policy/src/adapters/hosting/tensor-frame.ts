import type { PlainTensor, TensorMap } from '../../core/network/feeds.js';
import { ScatteredTensor } from '../../core/network/scattered-tensor.js';
import { freshMemory, type LayOutMemory } from './lay-out-memory.js';

/**
 * Tensors as bytes between two processes or threads of one machine: `u32 count`, then per tensor `u32 type, u32 rank,
 * u32 dims[rank]`, for a scattered one `u32 pattern, u32 cells`; padded to 8, then the arrays of each, each padded to 8.
 * Native byte order. Names never travel: both sides know their order since the model was loaded.
 */
const TYPE_CODES = { float32: 1, scattered: 2, int64: 7 } as const;
const RANK_MAX = 8;
/** The most bytes one set of tensors may take, laid out. At the bound: `RangeError`. */
export const TENSOR_BYTES_MAX = 256 * 1024 * 1024;

const padded = (bytes: number): number => (bytes + 7) & ~7;
const isSize = (dim: number): boolean => dim === dim >>> 0;
const sizeOf = (dims: readonly number[]): number => dims.reduce((product, dim) => product * dim, 1);

/** One tensor as it travels: words of its head, then arrays. */
interface Parts {
  readonly head: readonly number[];
  readonly arrays: readonly (Float32Array | Int32Array | BigInt64Array)[];
}

/** Memory that a thread on the other side sees. */
export const sharedRoom = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));

/** Writes tensors into a buffer that grows and is used again; each call overwrites the bytes of the one before. */
export class TensorWriter {
  readonly #room: (bytes: number) => Uint8Array;
  readonly #leadBytes: number;
  #arena: Uint8Array;

  /**
   * `room` makes buffers of the size it is asked for; shared memory where the reader is a thread. `leadBytes`, a multiple of 8,
   * are left free in front of the tensors for whoever sends them.
   */
  constructor(room: (bytes: number) => Uint8Array = (bytes) => new Uint8Array(bytes), leadBytes = 0) {
    this.#room = room;
    this.#leadBytes = leadBytes;
    this.#arena = room(64 * 1024);
  }

  /** The lead, then the tensors `names`, in that order. Throws `RangeError` for one that is absent, too deep, or whose data do not fit its shape. */
  write(names: readonly string[], tensors: TensorMap): Uint8Array {
    const parts = names.map((name) => partsOf(name, tensors[name]));
    const headWords = parts.reduce((words, { head }) => words + head.length, 1);
    const headBytes = padded(headWords * 4);
    let totalBytes = this.#leadBytes + headBytes;
    for (const { arrays } of parts) for (const { byteLength } of arrays) totalBytes += padded(byteLength);
    this.#grow(totalBytes);
    writeHead(new Uint32Array(this.#arena.buffer, this.#leadBytes, headWords), parts);
    let at = this.#leadBytes + headBytes;
    for (const { arrays } of parts) {
      for (const { buffer, byteOffset, byteLength } of arrays) {
        this.#arena.set(new Uint8Array(buffer, byteOffset, byteLength), at);
        at += padded(byteLength);
      }
    }
    return this.#arena.subarray(0, totalBytes);
  }

  #grow(bytes: number): void {
    if (bytes > TENSOR_BYTES_MAX) throw new RangeError(`tensors take ${bytes} bytes, at most ${TENSOR_BYTES_MAX}`);
    if (bytes > this.#arena.byteLength) this.#arena = this.#room(Math.max(bytes, this.#arena.byteLength * 2));
  }
}

function writeHead(words: Uint32Array, parts: readonly Parts[]): void {
  words[0] = parts.length;
  let at = 1;
  for (const { head } of parts) {
    words.set(head, at);
    at += head.length;
  }
}

function partsOf(name: string, tensor: PlainTensor | undefined): Parts {
  if (tensor === undefined) throw new RangeError(`there is no tensor ${name}`);
  const { type, dims } = tensor;
  if (dims.length > RANK_MAX) throw new RangeError(`${name} has rank ${dims.length}, at most ${RANK_MAX}`);
  // Anything else would arrive as another number, and the reader would find the whole frame broken.
  if (!dims.every(isSize)) throw new RangeError(`${name} has shape [${dims.join()}], sizes are whole numbers`);
  if (tensor instanceof ScatteredTensor) {
    const { pattern, cells, values } = tensor;
    const head = [TYPE_CODES.scattered, dims.length, ...dims, pattern.length, cells.length];
    return { head, arrays: [pattern, cells, values] };
  }
  if (sizeOf(dims) !== tensor.data.length) {
    throw new RangeError(`${name} has shape [${dims.join()}] and ${tensor.data.length} values`);
  }
  return { head: [TYPE_CODES[type], dims.length, ...dims], arrays: [tensor.data] };
}

interface Shape {
  readonly type: number;
  readonly dims: readonly number[];
  readonly pattern: number;
  readonly cells: number;
}

/**
 * The tensors of `bytes`, named in order. Scattered ones are laid out in `memory`; the others are views on the bytes given,
 * which must start 8-aligned. Throws `RangeError` when they do not add up.
 */
export function readTensors(
  names: readonly string[],
  bytes: Uint8Array,
  memory: LayOutMemory = freshMemory,
): TensorMap {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
  if (words[0] !== names.length) throw new RangeError(`${words[0]} tensors came for ${names.length} names`);
  const shapes: Shape[] = [];
  let word = 1;
  for (const name of names) {
    const shape = readShape(name, words, word);
    shapes.push(shape);
    word += shape.dims.length + (shape.type === TYPE_CODES.scattered ? 4 : 2);
  }
  const body = new BodyReader(bytes, padded(word * 4));
  const tensors: Record<string, PlainTensor> = {};
  for (const [index, name] of names.entries()) tensors[name] = body.tensor(name, shapes[index] as Shape, memory);
  body.end();
  return tensors;
}

function readShape(name: string, words: Uint32Array, at: number): Shape {
  const rank = words[at + 1] ?? Number.NaN;
  if (!(rank <= RANK_MAX)) throw new RangeError(`${name} has rank ${rank}, at most ${RANK_MAX}`);
  const dims = [...words.subarray(at + 2, at + 2 + rank)];
  return { type: words[at] ?? 0, dims, pattern: words[at + 2 + rank] ?? 0, cells: words[at + 3 + rank] ?? 0 };
}

/** Takes one array after the other off the bytes. */
class BodyReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  tensor(name: string, { type, dims, pattern, cells }: Shape, memory: LayOutMemory): PlainTensor {
    const size = sizeOf(dims);
    if (type === TYPE_CODES.float32) return { type: 'float32', dims, data: this.#floats(name, size) };
    if (type === TYPE_CODES.int64) {
      return { type: 'int64', dims, data: new BigInt64Array(this.#bytes.buffer, this.#take(name, size * 8), size) };
    }
    if (type !== TYPE_CODES.scattered) throw new RangeError(`${name} has the unknown type code ${type}`);
    if (size * 4 > TENSOR_BYTES_MAX)
      throw new RangeError(`${name} takes ${size * 4} bytes, at most ${TENSOR_BYTES_MAX}`);
    const from = {
      pattern: this.#floats(name, pattern),
      cells: new Int32Array(this.#bytes.buffer, this.#take(name, cells * 4), cells),
      values: this.#floats(name, cells),
    };
    return { type: 'float32', dims, data: memory.layOut(name, size, from) };
  }

  /** Throws `RangeError` when something is left. */
  end(): void {
    const bytes = this.#bytes.byteLength;
    if (this.#at !== padded(bytes)) throw new RangeError(`tensors end at ${this.#at} of ${bytes} bytes`);
  }

  #floats(name: string, count: number): Float32Array {
    return new Float32Array(this.#bytes.buffer, this.#take(name, count * 4), count);
  }

  /** Where the next `bytes` begin in the buffer. */
  #take(name: string, bytes: number): number {
    const { byteLength, byteOffset } = this.#bytes;
    if (this.#at + bytes > byteLength) throw new RangeError(`${name} ends beyond its ${byteLength} bytes`);
    const begin = byteOffset + this.#at;
    this.#at += padded(bytes);
    return begin;
  }
}
