import type { PlainTensor, TensorMap } from '../../core/network/feeds.js';
import { type Cells, NO_CELLS, type Scattering } from '../../core/network/scattered-tensor.js';
import { freshMemory, type LayOutMemory } from './lay-out-memory.js';
import { padded, RANK_MAX, sizeOf, TENSOR_BYTES_MAX, TYPE_CODES } from './tensor-frame.js';

/** One tensor of a frame: a view on its numbers, or what it is laid out from. */
interface Part {
  readonly name: string;
  readonly dims: readonly number[];
  readonly scattering: Scattering | undefined;
  tensor: PlainTensor | undefined;
}

type KeptCells = Map<string, Cells>;

/** What a frame holds, but for the numbers. */
interface Layout {
  readonly bytes: Uint8Array;
  /** False when it brought shared cells: others may come in their place. */
  readonly isLasting: boolean;
  /** The words of the head, copied. */
  readonly head: Uint32Array;
  readonly parts: readonly Part[];
}

/**
 * Reads the tensors `names` out of frames. Frames of one shape that come to the same place are the usual case: then the
 * tensors of the last time are given again, and show the numbers that are there now.
 */
export class TensorReader {
  readonly #names: readonly string[];
  readonly #memory: LayOutMemory;
  /** Shared cells of tensors, copied. */
  #kept: KeptCells = new Map();
  #last: Layout | undefined;

  /** Scattered tensors are laid out in `memory`; the others are views on the bytes that are read. */
  constructor(names: readonly string[], memory: LayOutMemory = freshMemory) {
    this.#names = names;
    this.#memory = memory;
  }

  /** `bytes` must start 8-aligned. Throws `RangeError` when they do not add up. */
  read(bytes: Uint8Array): TensorMap {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
    const layout = this.#last !== undefined && isOf(this.#last, bytes, words) ? this.#last : this.#read(bytes, words);
    const tensors: Record<string, PlainTensor> = {};
    for (const part of layout.parts) tensors[part.name] = tensorOf(part, this.#memory);
    return tensors;
  }

  #read(bytes: Uint8Array, words: Uint32Array): Layout {
    const kept = new Map(this.#kept);
    this.#last = layoutOf(this.#names, { bytes, words, kept });
    this.#kept = kept;
    return this.#last;
  }
}

/** The tensors of one frame: see {@link TensorReader}. */
export const readTensors = (names: readonly string[], bytes: Uint8Array, memory?: LayOutMemory): TensorMap =>
  new TensorReader(names, memory).read(bytes);

function isOf({ isLasting, bytes, head }: Layout, now: Uint8Array, words: Uint32Array): boolean {
  if (
    !isLasting ||
    bytes.buffer !== now.buffer ||
    bytes.byteOffset !== now.byteOffset ||
    bytes.byteLength !== now.byteLength
  )
    return false;
  for (let at = 0; at < head.length; at += 1) if (head[at] !== words[at]) return false;
  return true;
}

function tensorOf(part: Part, memory: LayOutMemory): PlainTensor {
  const { name, dims, scattering } = part;
  if (scattering !== undefined) {
    const data = memory.layOut(name, sizeOf(dims), scattering);
    if (part.tensor?.data !== data) part.tensor = { type: 'float32', dims, data };
  }
  return part.tensor as PlainTensor;
}

interface Frame {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  /** Gets those that the frame brings. */
  readonly kept: KeptCells;
}

function layoutOf(names: readonly string[], { bytes, words, kept }: Frame): Layout {
  if (words[0] !== names.length) throw new RangeError(`${words[0]} tensors came for ${names.length} names`);
  const shapes: Shape[] = [];
  let word = 1;
  for (const name of names) {
    const shape = readShape(name, words, word);
    shapes.push(shape);
    word += shape.dims.length + (isScattered(shape) ? 5 : 2);
  }
  const body = new BodyReader(bytes, padded(word * 4), kept);
  const parts = names.map((name, index) => body.part(name, shapes[index] as Shape));
  body.end();
  const isLasting = shapes.every(({ type, shared }) => type !== TYPE_CODES.scattered || shared === 0);
  return { bytes, isLasting, head: words.slice(0, word), parts };
}

interface Shape {
  readonly type: number;
  readonly dims: readonly number[];
  /** Of a scattered tensor: how many numbers, and how many cells. */
  readonly pattern: number;
  readonly shared: number;
  readonly own: number;
}

const isScattered = ({ type }: Shape): boolean => type === TYPE_CODES.scattered || type === TYPE_CODES.onKept;

function readShape(name: string, words: Uint32Array, at: number): Shape {
  const rank = words[at + 1] ?? Number.NaN;
  if (!(rank <= RANK_MAX)) throw new RangeError(`${name} has rank ${rank}, at most ${RANK_MAX}`);
  const end = at + 2 + rank;
  const [pattern, shared, own] = [words[end] ?? 0, words[end + 1] ?? 0, words[end + 2] ?? 0];
  const dims: number[] = [];
  for (let dim = at + 2; dim < end; dim += 1) dims.push(words[dim] ?? 0);
  return { type: words[at] ?? 0, dims, pattern, shared, own };
}

/** Takes one array after the other off the bytes. */
class BodyReader {
  readonly #bytes: Uint8Array;
  readonly #kept: KeptCells;
  #at: number;

  constructor(bytes: Uint8Array, at: number, kept: KeptCells) {
    this.#bytes = bytes;
    this.#at = at;
    this.#kept = kept;
  }

  part(name: string, shape: Shape): Part {
    const { type, dims } = shape;
    const size = sizeOf(dims);
    if (type === TYPE_CODES.float32) return plain(name, { type: 'float32', dims, data: this.#floats(name, size) });
    if (type === TYPE_CODES.int64) {
      const data = new BigInt64Array(this.#bytes.buffer, this.#take(name, size * 8), size);
      return plain(name, { type: 'int64', dims, data });
    }
    if (!isScattered(shape)) throw new RangeError(`${name} has the unknown type code ${type}`);
    if (size * 4 > TENSOR_BYTES_MAX)
      throw new RangeError(`${name} takes ${size * 4} bytes, at most ${TENSOR_BYTES_MAX}`);
    const pattern = this.#floats(name, shape.pattern);
    const shared = this.#shared(name, shape);
    return { name, dims, scattering: { pattern, shared, own: this.#cells(name, shape.own) }, tensor: undefined };
  }

  /** The bytes will hold something else at the next frame, so the cells are copied. */
  #shared(name: string, { type, shared }: Shape): Cells {
    if (type === TYPE_CODES.scattered) {
      const { cells, values } = this.#cells(name, shared);
      this.#kept.set(name, shared === 0 ? NO_CELLS : { cells: cells.slice(), values: values.slice() });
    }
    const kept = this.#kept.get(name);
    if (kept?.cells.length !== shared) throw new RangeError(`${name} builds on ${shared} cells that are not kept`);
    return kept;
  }

  #cells(name: string, count: number): Cells {
    const cells = new Int32Array(this.#bytes.buffer, this.#take(name, count * 4), count);
    return { cells, values: this.#floats(name, count) };
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

const plain = (name: string, tensor: PlainTensor): Part => ({
  name,
  dims: tensor.dims,
  scattering: undefined,
  tensor,
});
