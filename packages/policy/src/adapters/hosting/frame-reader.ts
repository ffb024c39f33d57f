import { readSync } from 'node:fs';
import { decodeHeader, FRAME_HEADER_BYTES, type FrameHeader } from './pipe-frame.js';
import { CHANNEL_FD } from './process-wiring.js';

interface Frame {
  readonly header: FrameHeader;
  /** 8-aligned. Good until the next frame is read. */
  readonly body: Uint8Array;
}

/** Most frames fit, and come with one system call. */
const INBOX_BYTES = 64 * 1024;

/** Reads one frame after the other. The parent sends the next one only when this one is answered: nothing comes behind it. */
export class FrameReader {
  readonly #bodyBytesMax: number;
  #inbox = new Uint8Array(INBOX_BYTES);
  #filled = 0;

  constructor(bodyBytesMax: number) {
    this.#bodyBytesMax = bodyBytesMax;
  }

  /** Blocks until a whole frame is there; `undefined` when the parent has closed the channel. */
  read(): Frame | undefined {
    this.#filled = 0;
    if (!this.#fillTo(FRAME_HEADER_BYTES)) return undefined;
    const header = decodeHeader(this.#inbox, this.#bodyBytesMax);
    const end = FRAME_HEADER_BYTES + header.bodyBytes;
    this.#grow(end);
    if (!this.#fillTo(end)) return undefined;
    if (this.#filled > end) throw new RangeError(`${this.#filled - end} bytes came behind a frame`);
    return { header, body: this.#inbox.subarray(FRAME_HEADER_BYTES, end) };
  }

  #fillTo(bytes: number): boolean {
    while (this.#filled < bytes) {
      const got = readSync(CHANNEL_FD, this.#inbox, this.#filled, this.#inbox.byteLength - this.#filled, null);
      if (got === 0) return false;
      this.#filled += got;
    }
    return true;
  }

  #grow(bytes: number): void {
    if (bytes <= this.#inbox.byteLength) return;
    const larger = new Uint8Array(bytes);
    larger.set(this.#inbox.subarray(0, this.#filled));
    this.#inbox = larger;
  }
}
