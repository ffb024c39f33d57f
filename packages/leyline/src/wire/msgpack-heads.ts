/** What the first byte of a msgpack value says about the rest of it. */
export interface Head {
  readonly kind: 'scalar' | 'text' | 'bytes' | 'array' | 'map' | 'refused';
  readonly name: string;
  /** Bytes that follow: the value of a scalar, the length field of anything else. */
  readonly width: number;
  /** Length or count held in the first byte itself, where `width` is 0. */
  readonly size: number;
}

const fixed = (kind: Head['kind'], name: string, size: number): Head => ({ kind, name, width: 0, size });
const sized = (kind: Head['kind'], name: string, width: number): Head => ({ kind, name, width, size: 0 });

/** First bytes 0xc0 to 0xdf. Extension types carry code points for behaviour, and we have none. */
const NAMED: readonly Head[] = [
  fixed('scalar', 'nil', 0),
  fixed('refused', 'the unused byte 0xc1', 0),
  fixed('scalar', 'bool', 0),
  fixed('scalar', 'bool', 0),
  sized('bytes', 'bin', 1),
  sized('bytes', 'bin', 2),
  sized('bytes', 'bin', 4),
  fixed('refused', 'an extension type', 0),
  fixed('refused', 'an extension type', 0),
  fixed('refused', 'an extension type', 0),
  sized('scalar', 'float 32', 4),
  sized('scalar', 'float 64', 8),
  sized('scalar', 'int 8', 1),
  sized('scalar', 'int 16', 2),
  sized('scalar', 'int 32', 4),
  sized('scalar', 'int 64', 8),
  sized('scalar', 'int 8', 1),
  sized('scalar', 'int 16', 2),
  sized('scalar', 'int 32', 4),
  sized('scalar', 'int 64', 8),
  fixed('refused', 'an extension type', 0),
  fixed('refused', 'an extension type', 0),
  fixed('refused', 'an extension type', 0),
  fixed('refused', 'an extension type', 0),
  fixed('refused', 'an extension type', 0),
  sized('text', 'str', 1),
  sized('text', 'str', 2),
  sized('text', 'str', 4),
  sized('array', 'array', 2),
  sized('array', 'array', 4),
  sized('map', 'map', 2),
  sized('map', 'map', 4),
];

/** Indexed by the first byte, 0x00 to 0xff. */
export const HEADS: readonly Head[] = Array.from({ length: 256 }, (_, byte) => headOf(byte));

function headOf(byte: number): Head {
  if (byte < 0x80 || byte >= 0xe0) return fixed('scalar', 'int', 0);
  if (byte < 0x90) return fixed('map', 'map', byte & 0x0f);
  if (byte < 0xa0) return fixed('array', 'array', byte & 0x0f);
  if (byte < 0xc0) return fixed('text', 'str', byte & 0x1f);
  return NAMED[byte - 0xc0] as Head;
}
