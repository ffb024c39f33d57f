import { invariant } from '@esper/std';
import { elementCount, type TensorSet } from '../core/network/tensor-set.js';
import { bytesOfFloats } from './little-endian.js';

const ALIGNMENT_BYTES = 8;
const LENGTH_BYTES = 8;
const FLOAT_BYTES = 4;

/** Byte order of the UTF-8 text, which for names outside the basic plane differs from JavaScript's own order. */
function byCodePoint([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  const left = new TextEncoder().encode(a);
  const right = new TextEncoder().encode(b);
  const at = left.findIndex((byte, i) => byte !== right[i]);
  return at === -1 ? left.length - right.length : (left[at] ?? 0) - (right[at] ?? -1);
}

function headerOf(set: TensorSet, names: readonly string[]): Uint8Array {
  let at = 0;
  const parts = names.map((name) => {
    const shape = set.tensors.get(name)?.shape ?? [];
    const begin = at;
    at += elementCount(shape) * FLOAT_BYTES;
    return `${JSON.stringify(name)}:{"dtype":"F32","shape":${JSON.stringify(shape)},"data_offsets":[${begin},${at}]}`;
  });
  if (Object.keys(set.metadata).length > 0) {
    const sorted = Object.fromEntries(Object.entries(set.metadata).sort(byCodePoint));
    parts.unshift(`"__metadata__":${JSON.stringify(sorted)}`);
  }
  const text = new TextEncoder().encode(`{${parts.join()}}`);
  const padded = new Uint8Array(Math.ceil(text.length / ALIGNMENT_BYTES) * ALIGNMENT_BYTES).fill(0x20);
  padded.set(text);
  return padded;
}

/**
 * Writes float32 tensors as a safetensors file: tensors in byte order of their names, header padded with spaces to 8
 * bytes. Equal sets give equal bytes. Throws `InvariantError` when a tensor's data does not fill its shape.
 */
export function writeSafetensors(set: TensorSet): Uint8Array {
  const entries = [...set.tensors].sort(byCodePoint);
  for (const [name, { shape, data }] of entries) {
    invariant(name !== '__metadata__', 'no tensor may be called __metadata__');
    invariant(data.length === elementCount(shape), `${name} has ${data.length} numbers for shape [${shape.join()}]`);
  }
  const header = headerOf(
    set,
    entries.map(([name]) => name),
  );
  const dataBytes = entries.reduce((sum, [, { data }]) => sum + data.byteLength, 0);
  const file = new Uint8Array(LENGTH_BYTES + header.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, LENGTH_BYTES);
  let at = LENGTH_BYTES + header.length;
  for (const [, { data }] of entries) {
    file.set(bytesOfFloats(data), at);
    at += data.byteLength;
  }
  return file;
}
