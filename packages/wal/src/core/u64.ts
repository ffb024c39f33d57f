import { InvariantError } from '@esper/std';

const TWO_32 = 2 ** 32;

/** Writes a safe integer ≥ 0 as 64 bits, little-endian. Throws `InvariantError` for anything else. */
export function setU64(view: DataView, at: number, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 0)) throw new InvariantError(`not an unsigned safe integer: ${value}`);
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / TWO_32), true);
}

/** Reads 64 bits, little-endian. Values above 2^53 - 1 lose precision: check with `Number.isSafeInteger`. */
export const getU64 = (view: DataView, at: number): number =>
  view.getUint32(at, true) + view.getUint32(at + 4, true) * TWO_32;

/** A view on exactly the bytes of `bytes`. */
export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
