import type { PlainTensor, TensorMap } from '../../core/network/feeds.js';

/**
 * Tensors as bytes between two processes or threads of one machine: `u32 count`, then per tensor `u32 type, u32 rank,
 * u32 dims[rank]`, padded to 8, then the data of each, padded to 8. Native byte order. Names never travel: both sides
 * know their order since the model was loaded. Decoding copies nothing: the arrays are views on the bytes given.
 */
const TYPE_CODES = { float32: 1, int64: 7 } as const satisfies Record<PlainTensor['type'], number>;
const RANK_MAX = 8;
/** The most bytes one set of tensors may take. At the bound: `RangeError`. */
export const TENSOR_BYTES_MAX = 256 * 1024 * 1024;

const padded = (bytes: number): number => (bytes + 7) & ~7;

/** Writes tensors into a buffer that grows and is used again; each call overwrites the bytes of the one before. */
export class TensorWriter {
  #arena = new Uint8Array(64 * 1024);

  /** The tensors `names`, in that order. Throws `RangeError` for one that is absent, too deep, or whose data do not fit its shape. */
  write(names: readonly string[], tensors: TensorMap): Uint8Array {
    const ordered = names.map((name) => checked(name, tensors[name]));
    const headWords = ordered.reduce((words, tensor) => words + 2 + tensor.dims.length, 1);
    const headBytes = padded(headWords * 4);
    const totalBytes = ordered.reduce((bytes, tensor) => bytes + padded(tensor.data.byteLength), headBytes);
    this.#grow(totalBytes);
    writeHead(new Uint32Array(this.#arena.buffer, 0, headWords), ordered);
    let at = headBytes;
    for (const { data } of ordered) {
      this.#arena.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
      at += padded(data.byteLength);
    }
    return this.#arena.subarray(0, totalBytes);
  }

  #grow(bytes: number): void {
    if (bytes > TENSOR_BYTES_MAX) throw new RangeError(`tensors take ${bytes} bytes, at most ${TENSOR_BYTES_MAX}`);
    if (bytes > this.#arena.byteLength) this.#arena = new Uint8Array(Math.max(bytes, this.#arena.byteLength * 2));
  }
}

function writeHead(head: Uint32Array, tensors: readonly PlainTensor[]): void {
  head[0] = tensors.length;
  let word = 1;
  for (const { type, dims } of tensors) {
    head[word] = TYPE_CODES[type];
    head[word + 1] = dims.length;
    head.set(dims, word + 2);
    word += 2 + dims.length;
  }
}

function checked(name: string, tensor: PlainTensor | undefined): PlainTensor {
  if (tensor === undefined) throw new RangeError(`there is no tensor ${name}`);
  if (tensor.dims.length > RANK_MAX)
    throw new RangeError(`${name} has rank ${tensor.dims.length}, at most ${RANK_MAX}`);
  const size = tensor.dims.reduce((product, dim) => product * dim, 1);
  if (size !== tensor.data.length) {
    throw new RangeError(`${name} has shape [${tensor.dims.join()}] and ${tensor.data.length} values`);
  }
  return tensor;
}

/** The tensors of `bytes`, named in order. Throws `RangeError` when they do not add up. `bytes` must start 8-aligned. */
export function readTensors(names: readonly string[], bytes: Uint8Array): TensorMap {
  const head = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
  if (head[0] !== names.length) throw new RangeError(`${head[0]} tensors came for ${names.length} names`);
  const shapes: { readonly type: number; readonly dims: readonly number[] }[] = [];
  let word = 1;
  for (const name of names) {
    const rank = head[word + 1] ?? Number.NaN;
    if (!(rank <= RANK_MAX)) throw new RangeError(`${name} has rank ${rank}, at most ${RANK_MAX}`);
    shapes.push({ type: head[word] ?? 0, dims: [...head.subarray(word + 2, word + 2 + rank)] });
    word += 2 + rank;
  }
  const tensors: Record<string, PlainTensor> = {};
  let at = padded(word * 4);
  names.forEach((name, index) => {
    const { type, dims } = shapes[index] as (typeof shapes)[number];
    const tensor = view(type, dims, { bytes, at, name });
    tensors[name] = tensor;
    at += padded(tensor.data.byteLength);
  });
  if (at !== padded(bytes.byteLength)) throw new RangeError(`tensors end at ${at} of ${bytes.byteLength} bytes`);
  return tensors;
}

function view(
  type: number,
  dims: readonly number[],
  { bytes, at, name }: { readonly bytes: Uint8Array; readonly at: number; readonly name: string },
): PlainTensor {
  const size = dims.reduce((product, dim) => product * dim, 1);
  const width = type === TYPE_CODES.int64 ? 8 : 4;
  if (at + size * width > bytes.byteLength) throw new RangeError(`${name} ends beyond its ${bytes.byteLength} bytes`);
  const offset = bytes.byteOffset + at;
  if (type === TYPE_CODES.float32) return { type: 'float32', dims, data: new Float32Array(bytes.buffer, offset, size) };
  if (type === TYPE_CODES.int64) return { type: 'int64', dims, data: new BigInt64Array(bytes.buffer, offset, size) };
  throw new RangeError(`${name} has the unknown type code ${type}`);
}
