/**
 * What travels on the pipe between a process host and its child: 32 bytes of header (`u32 magic, u32 kind, u32 body bytes,
 * u32 call, f64 run milliseconds, f64 ready at`), then the body. Both ends are of one build; the magic catches a stray writer.
 */
export const FRAME_HEADER_BYTES = 32;
const MAGIC = 0x494d_5954;

const FRAME_KINDS = {
  /** To the child: JSON of {@link LoadRequest}, zero byte, model bytes. */
  load: 1,
  /** To the child: input tensors. */
  run: 2,
  /** From the child: JSON of `RuntimeInfo`. */
  ready: 3,
  /** From the child: why it does not take the model, as text. */
  refused: 4,
  /** From the child: output tensors. */
  outputs: 5,
  /** From the child: why the run failed, as text. */
  failed: 6,
} as const;
export type FrameKind = keyof typeof FRAME_KINDS;

export interface FrameHeader {
  readonly kind: FrameKind;
  readonly bodyBytes: number;
  readonly call: number;
  readonly runMs: number;
  /** When the child had outputs ready, by {@link machineMs}; 0 in other frames. */
  readonly readyAtMs: number;
}

const KIND_NAMES = new Map(Object.entries(FRAME_KINDS).map(([name, code]) => [code, name as FrameKind]));

/** A header on its own. */
export function encodeHeader(header: FrameHeader): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES);
  fillHeader(new DataView(bytes.buffer), header);
  return bytes;
}

/** Fills the first {@link FRAME_HEADER_BYTES} of `data`. */
export function fillHeader(data: DataView, { kind, bodyBytes, call, runMs, readyAtMs }: FrameHeader): void {
  data.setUint32(0, MAGIC, true);
  data.setUint32(4, FRAME_KINDS[kind], true);
  data.setUint32(8, bodyBytes, true);
  data.setUint32(12, call, true);
  data.setFloat64(16, runMs, true);
  data.setFloat64(24, readyAtMs, true);
}

/** Throws `RangeError` for bytes that no peer of ours wrote, and for a body over `bodyBytesMax`. */
export function decodeHeader(bytes: Uint8Array, bodyBytesMax: number): FrameHeader {
  const data = new DataView(bytes.buffer, bytes.byteOffset, FRAME_HEADER_BYTES);
  const kind = KIND_NAMES.get(data.getUint32(4, true) as (typeof FRAME_KINDS)[FrameKind]);
  const bodyBytes = data.getUint32(8, true);
  if (data.getUint32(0, true) !== MAGIC || kind === undefined) throw new RangeError('not a frame of this protocol');
  if (bodyBytes > bodyBytesMax) throw new RangeError(`a frame of ${bodyBytes} bytes, at most ${bodyBytesMax}`);
  return {
    kind,
    bodyBytes,
    call: data.getUint32(12, true),
    runMs: data.getFloat64(16, true),
    readyAtMs: data.getFloat64(24, true),
  };
}

const NOTHING = new Uint8Array(0);

/** Puts frames together again from whatever pieces the pipe delivers. */
export class FrameAssembler {
  readonly #bodyBytesMax: number;
  readonly #onFrame: (header: FrameHeader, body: Uint8Array) => void;
  readonly #head = new Uint8Array(FRAME_HEADER_BYTES);
  #headBytes = 0;
  #header: FrameHeader | undefined;
  #body = new Uint8Array(0);
  #filled = 0;

  /**
   * `body` is 8-aligned and belongs to the receiver. It may be part of the chunk it came in, which must not be written to
   * again: so a frame that comes in one piece is not copied.
   */
  constructor(bodyBytesMax: number, onFrame: (header: FrameHeader, body: Uint8Array) => void) {
    this.#bodyBytesMax = bodyBytesMax;
    this.#onFrame = onFrame;
  }

  /** Throws `RangeError` as {@link decodeHeader} does. */
  push(chunk: Uint8Array): void {
    let rest = this.#takeWhole(chunk);
    while (rest.byteLength > 0 || this.#isComplete()) {
      rest = this.#header === undefined ? this.#takeHead(rest) : this.#takeBody(rest);
    }
  }

  /** A chunk that is one whole frame, as most answers come. */
  #takeWhole(chunk: Uint8Array): Uint8Array {
    const isFresh = this.#header === undefined && this.#headBytes === 0;
    if (!isFresh || chunk.byteLength < FRAME_HEADER_BYTES || chunk.byteOffset % 8 !== 0) return chunk;
    const header = decodeHeader(chunk, this.#bodyBytesMax);
    if (chunk.byteLength !== FRAME_HEADER_BYTES + header.bodyBytes) return chunk;
    this.#onFrame(header, new Uint8Array(chunk.buffer, chunk.byteOffset + FRAME_HEADER_BYTES, header.bodyBytes));
    return NOTHING;
  }

  #isComplete(): boolean {
    return this.#header !== undefined && this.#filled === this.#header.bodyBytes;
  }

  #takeHead(chunk: Uint8Array): Uint8Array {
    const taken = chunk.subarray(0, FRAME_HEADER_BYTES - this.#headBytes);
    this.#head.set(taken, this.#headBytes);
    this.#headBytes += taken.byteLength;
    if (this.#headBytes === FRAME_HEADER_BYTES) {
      this.#header = decodeHeader(this.#head, this.#bodyBytesMax);
      this.#headBytes = 0;
      this.#body = new Uint8Array(this.#header.bodyBytes);
      this.#filled = 0;
    }
    return chunk.subarray(taken.byteLength);
  }

  #takeBody(chunk: Uint8Array): Uint8Array {
    const taken = chunk.subarray(0, this.#body.byteLength - this.#filled);
    this.#body.set(taken, this.#filled);
    this.#filled += taken.byteLength;
    if (this.#isComplete() && this.#header !== undefined) {
      const [header, body] = [this.#header, this.#body];
      this.#header = undefined;
      this.#onFrame(header, body);
    }
    return chunk.subarray(taken.byteLength);
  }
}
