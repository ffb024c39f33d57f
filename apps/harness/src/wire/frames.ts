import { HarnessError } from '../errors.js';

/** The longest frame either side sends or takes. */
export const FRAME_BYTES_MAX = 4 * 1024 * 1024;
const LENGTH_BYTES = 4;

/** Four bytes of length, big-endian, then the payload. Throws `HARNESS_FRAME_TOO_LARGE`. */
export function frameOf(payload: Uint8Array): Uint8Array {
  if (payload.length > FRAME_BYTES_MAX) {
    throw new HarnessError('HARNESS_FRAME_TOO_LARGE', `a frame of ${payload.length} bytes, at most ${FRAME_BYTES_MAX}`);
  }
  const frame = new Uint8Array(LENGTH_BYTES + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length);
  frame.set(payload, LENGTH_BYTES);
  return frame;
}

/** Puts frames together from whatever chunks a pipe delivers. Holds at most one unfinished frame. */
export class FrameReader {
  #pending: Uint8Array = new Uint8Array(0);

  /** Bytes of a frame that is not complete yet. */
  get pendingBytes(): number {
    return this.#pending.length;
  }

  /** The payloads that `chunk` completes, in order. Throws `HARNESS_FRAME_TOO_LARGE` before it holds such a frame. */
  push(chunk: Uint8Array): Uint8Array[] {
    const bytes = new Uint8Array(this.#pending.length + chunk.length);
    bytes.set(this.#pending);
    bytes.set(chunk, this.#pending.length);
    const payloads: Uint8Array[] = [];
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const length = new DataView(bytes.buffer, at).getUint32(0);
      if (length > FRAME_BYTES_MAX) {
        throw new HarnessError('HARNESS_FRAME_TOO_LARGE', `a frame of ${length} bytes, at most ${FRAME_BYTES_MAX}`);
      }
      if (bytes.length - at - LENGTH_BYTES < length) break;
      payloads.push(bytes.slice(at + LENGTH_BYTES, at + LENGTH_BYTES + length));
      at += LENGTH_BYTES + length;
    }
    this.#pending = bytes.slice(at);
    return payloads;
  }
}
