const FLOAT_BYTES = 4;
const LONG_BYTES = 8;
const HOST_IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Float32 numbers from little-endian bytes, copied. `bytes.byteLength` must be a multiple of 4. */
export function floatsFromBytes(bytes: Uint8Array): Float32Array {
  const copy = Uint8Array.from(bytes);
  const floats = new Float32Array(copy.buffer);
  if (HOST_IS_LITTLE) return floats;
  const view = new DataView(copy.buffer);
  return floats.map((_, i) => view.getFloat32(i * FLOAT_BYTES, true));
}

/** Little-endian bytes of float32 numbers. A view of `floats` on little-endian machines: do not write to it. */
export function bytesOfFloats(floats: Float32Array): Uint8Array {
  if (HOST_IS_LITTLE) return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
  const view = new DataView(new ArrayBuffer(floats.byteLength));
  for (const [i, value] of floats.entries()) view.setFloat32(i * FLOAT_BYTES, value, true);
  return new Uint8Array(view.buffer);
}

/** Little-endian bytes of signed 64-bit numbers. */
export function bytesOfLongs(longs: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(longs.length * LONG_BYTES));
  for (const [i, value] of longs.entries()) view.setBigInt64(i * LONG_BYTES, BigInt(value), true);
  return new Uint8Array(view.buffer);
}
