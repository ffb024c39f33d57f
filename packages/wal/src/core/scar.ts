import { crc32c } from './crc32c.js';
import type { SequenceRange } from './sequence-ranges.js';

/** A loss that was noted: these sequences are gone, and everybody who asks is told so. Never removed. */
export interface Scar extends SequenceRange {
  /** File and offset at which the damage was found. */
  readonly file: string;
  readonly offset: number;
  readonly cause: string;
  readonly acknowledged: boolean;
  /** Wall time, milliseconds since 1970. */
  readonly notedAtMs: number;
}

const encoder = new TextEncoder();
const hex = (value: number): string => value.toString(16).padStart(8, '0');

/** The scars file: one line per scar, `<CRC-32C of the rest, 8 hex digits> <JSON>`, in ASCII. */
export function encodeScars(scars: readonly Scar[]): Uint8Array {
  const lines = scars.map(({ first, last, file, offset, cause, acknowledged, notedAtMs }) => {
    const text = JSON.stringify({ first, last, file, offset, cause, acknowledged, notedAtMs });
    return `${hex(crc32c(encoder.encode(text)))} ${text}\n`;
  });
  return encoder.encode(lines.join(''));
}

/** The scars whose lines verify, and how many lines do not. */
export function decodeScars(bytes: Uint8Array): { readonly scars: readonly Scar[]; readonly damagedLines: number } {
  const scars: Scar[] = [];
  let damagedLines = 0;
  for (const line of new TextDecoder('latin1').decode(bytes).split('\n')) {
    if (line === '') continue;
    const scar = decodeLine(line);
    if (scar === undefined) damagedLines += 1;
    else scars.push(scar);
  }
  return { scars, damagedLines };
}

function decodeLine(line: string): Scar | undefined {
  const text = line.slice(9);
  if (line[8] !== ' ' || line.slice(0, 8) !== hex(crc32c(encoder.encode(text)))) return undefined;
  // The checksum holds, so this is what encodeScars wrote.
  return JSON.parse(text) as Scar;
}
