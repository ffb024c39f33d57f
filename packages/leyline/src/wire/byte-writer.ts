const TEXT = new TextEncoder();
const ASCII_LOOP_CHARS_MAX = 160;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Writes msgpack heads and scalars, each in its one canonical form, into a buffer that grows up to `bytesMax`. */
export class ByteWriter {
  #bytes = new Uint8Array(512);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Bytes there is room for without growing. */
  get capacity(): number {
    return this.#bytes.byteLength;
  }

  /** As new, with the memory it has grown to. */
  clear(): void {
    this.#length = 0;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  nil(): void {
    this.#byte(0xc0);
  }

  boolean(value: boolean): void {
    this.#byte(value ? 0xc3 : 0xc2);
  }

  /** The shortest integer form within 32 bits, else a 64-bit float. NaN has one bit pattern; -0 stays -0. */
  number(value: number): void {
    const isShort = Number.isInteger(value) && value >= -0x8000_0000 && value <= 0xffff_ffff && !Object.is(value, -0);
    if (!isShort) this.#float(value);
    else if (value >= 0) this.#unsigned(value);
    else this.#signed(value);
  }

  /** Always eight bytes. The caller has checked the range -2^63 .. 2^64-1. */
  integer64(value: bigint): void {
    this.#reserve(9);
    this.#bytes[this.#length] = value >= 0n ? 0xcf : 0xd3;
    if (value >= 0n) this.#view.setBigUint64(this.#length + 1, value);
    else this.#view.setBigInt64(this.#length + 1, value);
    this.#length += 9;
  }

  /** Returns false, and writes nothing, when the text holds half of a surrogate pair: it has no UTF-8 form. */
  text(value: string): boolean {
    if (this.#shortAscii(value)) return true;
    if (LONE_SURROGATE.test(value)) return false;
    const encoded = TEXT.encode(value);
    this.#head(encoded.byteLength, [0xa0, 31], [0xd9, 0xda, 0xdb]);
    this.#raw(encoded);
    return true;
  }

  binary(value: Uint8Array): void {
    this.#head(value.byteLength, [0, -1], [0xc4, 0xc5, 0xc6]);
    this.#raw(value);
  }

  arrayHead(items: number): void {
    this.#head(items, [0x90, 15], [0, 0xdc, 0xdd]);
  }

  mapHead(entries: number): void {
    this.#head(entries, [0x80, 15], [0, 0xde, 0xdf]);
  }

  #unsigned(value: number): void {
    if (value < 0x80) this.#byte(value);
    else if (value <= 0xff) this.#sized(0xcc, value, 1);
    else if (value <= 0xffff) this.#sized(0xcd, value, 2);
    else this.#sized(0xce, value, 4);
  }

  #signed(value: number): void {
    if (value >= -0x20) this.#byte(value & 0xff);
    else if (value >= -0x80) this.#sized(0xd0, value & 0xff, 1);
    else if (value >= -0x8000) this.#sized(0xd1, value & 0xffff, 2);
    else this.#sized(0xd2, value >>> 0, 4);
  }

  #float(value: number): void {
    this.#reserve(9);
    this.#bytes[this.#length] = 0xcb;
    if (Number.isNaN(value)) this.#view.setBigUint64(this.#length + 1, 0x7ff8_0000_0000_0000n);
    else this.#view.setFloat64(this.#length + 1, value);
    this.#length += 9;
  }

  /** Most keys and ids are short ASCII: writing them byte by byte is several times faster than the encoder. */
  #shortAscii(value: string): boolean {
    const count = value.length;
    if (count > ASCII_LOOP_CHARS_MAX) return false;
    this.#reserve(count + 2);
    const start = this.#length + (count <= 31 ? 1 : 2);
    for (let i = 0; i < count; i += 1) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) return false;
      this.#bytes[start + i] = unit;
    }
    if (count <= 31) this.#byte(0xa0 | count);
    else this.#sized(0xd9, count, 1);
    this.#length += count;
    return true;
  }

  /** `fix` = [base byte, largest embedded size]; `wide` = heads for 1, 2 and 4 length bytes, 0 where there is none. */
  #head(size: number, fix: readonly [number, number], wide: readonly [number, number, number]): void {
    if (size <= fix[1]) this.#byte(fix[0] | size);
    else if (size <= 0xff && wide[0] !== 0) this.#sized(wide[0], size, 1);
    else if (size <= 0xffff) this.#sized(wide[1], size, 2);
    else this.#sized(wide[2], size, 4);
  }

  #sized(head: number, value: number, width: 1 | 2 | 4): void {
    this.#reserve(5);
    this.#bytes[this.#length] = head;
    if (width === 1) this.#bytes[this.#length + 1] = value;
    else if (width === 2) this.#view.setUint16(this.#length + 1, value);
    else this.#view.setUint32(this.#length + 1, value);
    this.#length += 1 + width;
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.byteLength);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.byteLength;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.byteLength) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.byteLength * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
