import type { PlainTensor, TensorMap } from '../../core/network/feeds.js';
import { type Cells, ScatteredTensor, type Scattering } from '../../core/network/scattered-tensor.js';
import { freshMemory, type LayOutMemory } from './lay-out-memory.js';

/**
 * Tensors as bytes between two processes or threads of one machine: `u32 count`, then per tensor `u32 type, u32 rank,
 * u32 dims[rank]`, for a scattered one `u32 pattern, u32 base cells, u32 cells` or, when its base was sent before, `u32
 * cells`; padded to 8, then the arrays of each, each padded to 8. Native byte order. Names never travel: both sides know their
 * order since the model was loaded.
 */
const TYPE_CODES = { float32: 1, scattered: 2, scatteredOnKnownBase: 3, int64: 7 } as const;
/** Words of a head behind the dimensions. */
const COUNTS: Readonly<Record<number, number>> = { [TYPE_CODES.scattered]: 3, [TYPE_CODES.scatteredOnKnownBase]: 1 };
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

/** Makes buffers of the size it is asked for. */
type Room = (bytes: number) => Uint8Array;
const ownRoom: Room = (bytes) => new Uint8Array(bytes);
/** Memory that a thread on the other side sees. */
export const sharedRoom: Room = (bytes) => new Uint8Array(new SharedArrayBuffer(bytes));

/** The base each tensor stood on when it was written last: a reader with a memory needs it no second time. */
class SentBases {
  readonly #bases = new Map<string, Scattering>();

  has(name: string, { base }: ScatteredTensor): boolean {
    return this.#bases.get(name) === base;
  }

  note(name: string, tensor: PlainTensor | undefined): void {
    if (tensor instanceof ScatteredTensor) this.#bases.set(name, tensor.base);
  }

  forget(): void {
    this.#bases.clear();
  }
}

interface TensorWriterOptions {
  readonly room?: Room;
  readonly leadBytes?: number;
  readonly readerRemembers?: boolean;
}

/** Writes tensors into a buffer that grows and is used again; each call overwrites the bytes of the one before. */
export class TensorWriter {
  readonly #room: Room;
  readonly #leadBytes: number;
  readonly #sent: SentBases | undefined;
  #arena: Uint8Array;

  /**
   * `room` makes the buffers; shared memory where the reader is a thread. `leadBytes`, a multiple of 8, are left free in front
   * of the tensors for whoever sends them. `readerRemembers`: it lays out with one memory all that is written here.
   */
  constructor({ room = ownRoom, leadBytes = 0, readerRemembers = false }: TensorWriterOptions = {}) {
    this.#room = room;
    this.#leadBytes = leadBytes;
    this.#sent = readerRemembers ? new SentBases() : undefined;
    this.#arena = room(64 * 1024);
  }

  /** To be called when the reader may not have read what was written: bases are sent again. */
  forget(): void {
    this.#sent?.forget();
  }

  /** The lead, then the tensors `names`, in that order. Throws `RangeError` for one that is absent, too deep, or whose data do not fit its shape. */
  write(names: readonly string[], tensors: TensorMap): Uint8Array {
    const parts = names.map((name) => partsOf(name, tensors[name], this.#sent));
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
    for (const name of names) this.#sent?.note(name, tensors[name]);
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

function partsOf(name: string, tensor: PlainTensor | undefined, sent: SentBases | undefined): Parts {
  if (tensor === undefined) throw new RangeError(`there is no tensor ${name}`);
  const { type, dims } = tensor;
  if (dims.length > RANK_MAX) throw new RangeError(`${name} has rank ${dims.length}, at most ${RANK_MAX}`);
  // Anything else would arrive as another number, and the reader would find the whole frame broken.
  if (!dims.every(isSize)) throw new RangeError(`${name} has shape [${dims.join()}], sizes are whole numbers`);
  if (tensor instanceof ScatteredTensor) return scatteredParts(tensor, sent?.has(name, tensor) ?? false);
  if (sizeOf(dims) !== tensor.data.length) {
    throw new RangeError(`${name} has shape [${dims.join()}] and ${tensor.data.length} values`);
  }
  return { head: [TYPE_CODES[type], dims.length, ...dims], arrays: [tensor.data] };
}

function scatteredParts({ dims, base, cells, values }: ScatteredTensor, isKnown: boolean): Parts {
  if (isKnown) {
    const head = [TYPE_CODES.scatteredOnKnownBase, dims.length, ...dims, cells.length];
    return { head, arrays: [cells, values] };
  }
  const head = [TYPE_CODES.scattered, dims.length, ...dims, base.pattern.length, base.cells.length, cells.length];
  return { head, arrays: [base.pattern, base.cells, base.values, cells, values] };
}

interface Shape {
  readonly type: number;
  readonly dims: readonly number[];
  /** What stands behind the dimensions. */
  readonly counts: readonly number[];
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
    word += 2 + shape.dims.length + shape.counts.length;
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
  const type = words[at] ?? 0;
  const begin = at + 2 + rank;
  const dims = [...words.subarray(at + 2, begin)];
  return { type, dims, counts: [...words.subarray(begin, begin + (COUNTS[type] ?? 0))] };
}

/** Takes one array after the other off the bytes. */
class BodyReader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  tensor(name: string, { type, dims, counts }: Shape, memory: LayOutMemory): PlainTensor {
    const size = sizeOf(dims);
    if (type === TYPE_CODES.float32) return { type: 'float32', dims, data: this.#floats(name, size) };
    if (type === TYPE_CODES.int64) {
      return { type: 'int64', dims, data: new BigInt64Array(this.#bytes.buffer, this.#take(name, size * 8), size) };
    }
    if (COUNTS[type] === undefined) throw new RangeError(`${name} has the unknown type code ${type}`);
    if (size * 4 > TENSOR_BYTES_MAX)
      throw new RangeError(`${name} takes ${size * 4} bytes, at most ${TENSOR_BYTES_MAX}`);
    const base = type === TYPE_CODES.scattered ? this.#base(name, counts) : undefined;
    const own = this.#cells(name, counts.at(-1) ?? Number.NaN);
    return { type: 'float32', dims, data: memory.layOut({ name, size, base, own }) };
  }

  /** Throws `RangeError` when something is left. */
  end(): void {
    const bytes = this.#bytes.byteLength;
    if (this.#at !== padded(bytes)) throw new RangeError(`tensors end at ${this.#at} of ${bytes} bytes`);
  }

  #base(name: string, [pattern = Number.NaN, cells = Number.NaN]: readonly number[]): Scattering {
    return { pattern: this.#floats(name, pattern), ...this.#cells(name, cells) };
  }

  #cells(name: string, count: number): Cells {
    const cells = new Int32Array(this.#bytes.buffer, this.#take(name, count * 4), count);
    return { cells, values: this.#floats(name, count) };
  }

  #floats(name: string, count: number): Float32Array {
    return new Float32Array(this.#bytes.buffer, this.#take(name, count * 4), count);
  }

  /** Where the next `bytes` begin in the buffer. */
  #take(name: string, bytes: number): number {
    const { byteLength, byteOffset } = this.#bytes;
    if (!(this.#at + bytes <= byteLength)) throw new RangeError(`${name} ends beyond its ${byteLength} bytes`);
    const begin = byteOffset + this.#at;
    this.#at += padded(bytes);
    return begin;
  }
}
