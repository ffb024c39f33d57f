import { err, ok, type Result } from '@esper/std';
import { BUNDLE_LIMITS } from '../core/bundle/manifest.js';
import type { RegistryRefusal } from '../errors.js';

/** A bundle as one run of bytes, for the policy stream: `EPB1`, a count, then name and content of each file, with lengths. */
const MAGIC = new TextEncoder().encode('EPB1');
/** The manifest names at most so many; manifest and signature come on top. */
const FILES_MAX = BUNDLE_LIMITS.filesMax + 2;
const NAME = /^[A-Za-z0-9._-]{1,128}$/;

const invalid = (message: string): Result<never, RegistryRefusal> =>
  err({ code: 'BUNDLE_ARCHIVE_INVALID', message: `the bundle archive ${message}` });

/** Packs the files of a bundle. Throws `RangeError` for names or sizes that no bundle has. */
export function packBundle(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  if (files.size > FILES_MAX) throw new RangeError(`an archive holds at most ${FILES_MAX} files, got ${files.size}`);
  const parts: Uint8Array[] = [MAGIC, uint32(files.size)];
  for (const [name, bytes] of files) {
    if (!NAME.test(name)) throw new RangeError(`no file of a bundle is called ${JSON.stringify(name.slice(0, 40))}`);
    const label = new TextEncoder().encode(name);
    parts.push(uint32(label.byteLength), label, uint32(bytes.byteLength), bytes);
  }
  return concat(parts);
}

/**
 * The files in an archive, by name. Nothing of them is trusted yet: that is what loading checks. Refuses what is cut off,
 * what follows the last file, doubled and odd names (`BUNDLE_ARCHIVE_INVALID`).
 */
export function unpackBundle(archive: Uint8Array): Result<ReadonlyMap<string, Uint8Array>, RegistryRefusal> {
  if (!MAGIC.every((byte, at) => archive[at] === byte)) return invalid('does not begin with EPB1');
  const reader = new Reader(archive, MAGIC.byteLength);
  const count = reader.uint32();
  if (count === undefined || count > FILES_MAX) return invalid(`is cut off, or holds more than ${FILES_MAX} files`);
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at < count; at += 1) {
    const label = reader.counted();
    const bytes = reader.counted();
    if (label === undefined || bytes === undefined) return invalid(`is cut off in file ${at + 1} of ${count}`);
    const name = new TextDecoder('latin1').decode(label);
    if (!NAME.test(name) || files.has(name)) return invalid(`has an odd or doubled name at file ${at + 1}`);
    files.set(name, bytes);
  }
  if (!reader.isAtEnd) return invalid('goes on after its last file');
  return ok(files);
}

class Reader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.byteLength;
  }

  uint32(): number | undefined {
    const bytes = this.#take(4);
    return bytes && new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  }

  counted(): Uint8Array | undefined {
    const length = this.uint32();
    return length === undefined ? undefined : this.#take(length);
  }

  #take(length: number): Uint8Array | undefined {
    if (this.#at + length > this.#bytes.byteLength) return undefined;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
