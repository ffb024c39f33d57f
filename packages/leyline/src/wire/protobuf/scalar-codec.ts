import { ScalarType } from '@bufbuild/protobuf';
import { type BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { invariant } from '@esper/std';
import type { ScalarValue } from './message-node.js';

const STRICT_TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What a varint means for a type: the value that is kept of the 64 bits on the wire. */
const VARINTS: Readonly<Partial<Record<ScalarType, (wire: bigint) => bigint>>> = {
  [ScalarType.UINT32]: (wire) => BigInt.asUintN(32, wire),
  [ScalarType.INT32]: (wire) => BigInt.asIntN(32, wire),
  [ScalarType.UINT64]: (wire) => BigInt.asUintN(64, wire),
  [ScalarType.INT64]: (wire) => BigInt.asIntN(64, wire),
  [ScalarType.BOOL]: (wire) => (wire === 0n ? 0n : 1n),
};

/** Enums are open: any 32-bit number is kept. */
const TYPE_OF_ENUM = ScalarType.INT32;

/** The type a scalar or enum field has on the wire. */
export const wireScalar = (scalar: ScalarType | undefined): ScalarType => scalar ?? TYPE_OF_ENUM;

/** The wire type a value of this type must have; with another one, the field counts as unknown. */
export function wireTypeOf(scalar: ScalarType): WireType {
  if (scalar in VARINTS) return WireType.Varint;
  switch (scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.FLOAT:
      return WireType.Bit32;
    case ScalarType.DOUBLE:
      return WireType.Bit64;
    default:
      invariant(false, `the schema has no field of scalar type ${scalar}`);
  }
}

/** Reads one value and puts it into canonical form. Floats keep their bits, NaN included. Throws on invalid UTF-8. */
export function readScalar(reader: BinaryReader, scalar: ScalarType): ScalarValue {
  const keep = VARINTS[scalar];
  if (keep !== undefined) {
    const value = keep(BigInt(reader.uint64()));
    return { kind: 'scalar', bytes: encodeVarint(value), isDefault: value === 0n };
  }
  if (scalar === ScalarType.STRING || scalar === ScalarType.BYTES) return readLengthDelimited(reader, scalar);
  const data = reader.skip(wireTypeOf(scalar));
  return { kind: 'scalar', bytes: data, isDefault: data.every((byte) => byte === 0) };
}

/** The value an absent half of a map entry has. */
export function defaultScalar(scalar: ScalarType): ScalarValue {
  const widths: Partial<Record<ScalarType, number>> = { [ScalarType.FLOAT]: 4, [ScalarType.DOUBLE]: 8 };
  // Zero as a varint and the empty text both are one zero byte.
  return { kind: 'scalar', bytes: new Uint8Array(widths[scalar] ?? 1), isDefault: true };
}

/** What stands behind the length prefix of a canonical text or bytes value. */
export function lengthDelimitedContent(canonical: Uint8Array): Uint8Array {
  let prefix = 0;
  while (((canonical[prefix] ?? 0) & 0x80) !== 0) prefix += 1;
  return canonical.subarray(prefix + 1);
}

function readLengthDelimited(reader: BinaryReader, scalar: ScalarType): ScalarValue {
  const content = reader.bytes();
  if (scalar === ScalarType.STRING) STRICT_TEXT.decode(content);
  return { kind: 'scalar', bytes: new BinaryWriter().bytes(content).finish(), isDefault: content.length === 0 };
}

const encodeVarint = (value: bigint): Uint8Array =>
  value < 0n ? new BinaryWriter().int64(value).finish() : new BinaryWriter().uint64(value).finish();
