import type { PlainTensor, TensorMap } from '../../core/network/feeds.js';
import { type Cells, ScatteredTensor } from '../../core/network/scattered-tensor.js';
import { padded, RANK_MAX, sizeOf, TENSOR_BYTES_MAX, TYPE_CODES } from './tensor-frame.js';

const FIRST_BYTES = 64 * 1024;

/** Memory that a thread on the other side sees. */
export const sharedRoom = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));

/** Writes tensors into a buffer that grows and is used again; each call overwrites the bytes of the one before. */
export class TensorWriter {
  readonly #room: (bytes: number) => Uint8Array;
  readonly #leadBytes: number;
  #arena: Arena;
  /** What the reader has of the shared cells of each tensor. */
  readonly #kept = new Map<string, Cells>();

  /**
   * `room` makes buffers of the size it is asked for, a multiple of 8; shared memory where the reader is a thread.
   * `leadBytes`, a multiple of 8, are left free in front of the tensors for whoever sends them.
   */
  constructor(room: (bytes: number) => Uint8Array = (bytes) => new Uint8Array(bytes), leadBytes = 0) {
    this.#room = room;
    this.#leadBytes = leadBytes;
    this.#arena = new Arena(room(FIRST_BYTES));
  }

  /**
   * The lead, then the tensors `names`, in that order. What it gives must be read, by the same reader each time, before it is
   * called again. Throws `RangeError` for one that is absent, too deep, or whose data do not fit its shape.
   */
  write(names: readonly string[], tensors: TensorMap): Uint8Array {
    let headWords = 1;
    let bodyBytes = 0;
    for (const name of names) {
      const tensor = sound(name, tensors[name]);
      headWords += 2 + tensor.dims.length + (tensor instanceof ScatteredTensor ? 3 : 0);
      bodyBytes += bytesOf(tensor, this.#isKept(name, tensor));
    }
    const bodyAt = this.#leadBytes + padded(headWords * 4);
    const totalBytes = bodyAt + bodyBytes;
    this.#grow(totalBytes);
    this.#arena.begin(this.#leadBytes, bodyAt);
    this.#arena.word(names.length);
    for (const name of names) this.#write(name, tensors[name] as PlainTensor);
    return this.#arena.bytes.subarray(0, totalBytes);
  }

  /** The lead of the last frame: the rest of its bytes is behind it. */
  get lead(): DataView {
    return this.#arena.view;
  }

  /** To be called when it is not known what the reader has made of the last frame. */
  forget(): void {
    this.#kept.clear();
  }

  #isKept(name: string, tensor: PlainTensor): boolean {
    if (!(tensor instanceof ScatteredTensor)) return false;
    return tensor.shared.cells.length > 0 && tensor.shared === this.#kept.get(name);
  }

  #write(name: string, tensor: PlainTensor): void {
    if (!(tensor instanceof ScatteredTensor)) this.#arena.plain(tensor);
    else {
      this.#arena.scattered(tensor, this.#isKept(name, tensor));
      this.#kept.set(name, tensor.shared);
    }
  }

  #grow(bytes: number): void {
    if (bytes > TENSOR_BYTES_MAX) throw new RangeError(`tensors take ${bytes} bytes, at most ${TENSOR_BYTES_MAX}`);
    const roomBytes = this.#arena.bytes.byteLength;
    if (bytes > roomBytes) this.#arena = new Arena(this.#room(Math.max(bytes, roomBytes * 2)));
  }
}

/** A buffer seen as each of the types that are written to it: a view is made once, not for every array. */
class Arena {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #words: Uint32Array;
  readonly #ints: Int32Array;
  readonly #floats: Float32Array;
  readonly #longs: BigInt64Array;
  /** Index of the next word of the head. */
  #word = 0;
  /** Byte of the next array. */
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
    this.#words = new Uint32Array(bytes.buffer);
    this.#ints = new Int32Array(bytes.buffer);
    this.#floats = new Float32Array(bytes.buffer);
    this.#longs = new BigInt64Array(bytes.buffer);
  }

  begin(headAt: number, bodyAt: number): void {
    this.#word = headAt >> 2;
    this.#at = bodyAt;
  }

  word(value: number): void {
    this.#words[this.#word] = value;
    this.#word += 1;
  }

  plain(tensor: PlainTensor): void {
    this.#shape(TYPE_CODES[tensor.type], tensor.dims);
    const at = this.#room(tensor.data.byteLength);
    if (tensor.type === 'float32') this.#floats.set(tensor.data, at >> 2);
    else this.#longs.set(tensor.data, at >> 3);
  }

  scattered({ dims, pattern, shared, own }: ScatteredTensor, isKept: boolean): void {
    this.#shape(isKept ? TYPE_CODES.onKept : TYPE_CODES.scattered, dims);
    this.word(pattern.length);
    this.word(shared.cells.length);
    this.word(own.cells.length);
    this.#floats.set(pattern, this.#room(pattern.byteLength) >> 2);
    if (!isKept) this.#cells(shared);
    this.#cells(own);
  }

  #cells({ cells, values }: Cells): void {
    this.#ints.set(cells, this.#room(cells.byteLength) >> 2);
    this.#floats.set(values, this.#room(values.byteLength) >> 2);
  }

  #shape(type: number, dims: readonly number[]): void {
    this.word(type);
    this.word(dims.length);
    for (let at = 0; at < dims.length; at += 1) this.word(dims[at] as number);
  }

  /** Where the next `bytes` go. */
  #room(bytes: number): number {
    const at = this.#at;
    this.#at += padded(bytes);
    return at;
  }
}

function bytesOf(tensor: PlainTensor, isKept: boolean): number {
  if (!(tensor instanceof ScatteredTensor)) return padded(tensor.data.byteLength);
  const { pattern, shared, own } = tensor;
  return padded(pattern.byteLength) + cellBytes(own) + (isKept ? 0 : cellBytes(shared));
}

const cellBytes = ({ cells, values }: Cells): number => padded(cells.byteLength) + padded(values.byteLength);

function sound(name: string, tensor: PlainTensor | undefined): PlainTensor {
  if (tensor === undefined) throw new RangeError(`there is no tensor ${name}`);
  const { dims } = tensor;
  if (dims.length > RANK_MAX) throw new RangeError(`${name} has rank ${dims.length}, at most ${RANK_MAX}`);
  // Anything else would arrive as another number, and the reader would find the whole frame broken.
  if (!dims.every(isSize)) throw new RangeError(`${name} has shape [${dims.join()}], sizes are whole numbers`);
  if (!(tensor instanceof ScatteredTensor) && sizeOf(dims) !== tensor.data.length) {
    throw new RangeError(`${name} has shape [${dims.join()}] and ${tensor.data.length} values`);
  }
  return tensor;
}

const isSize = (dim: number): boolean => dim === dim >>> 0;
