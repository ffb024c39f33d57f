import { crc32c, crc32cOfWords, type WordMemory, wordMemory } from './crc32c.js';
import { getU64, setU64, viewOf } from './u64.js';

/** Every frame starts on a multiple of this, so that a search for the marker steps by it. */
export const FRAME_ALIGN_BYTES = 8;
/** Fixed length of a frame's header, in bytes. */
export const FRAME_HEADER_BYTES = 48;
/** First four bytes of every frame, little-endian: E5 9A 1F C3. High bits everywhere, so that text never looks like it. */
export const FRAME_MARKER = 0xc31f9ae5;

const AT = {
  marker: 0,
  length: 4,
  sequence: 8,
  issued: 16,
  acked: 24,
  chain: 32,
  flags: 36,
  payloadSum: 40,
  headerSum: 44,
};

/** What a frame's header says. All of it is covered by the header's own checksum. */
export interface FrameHeader {
  readonly payloadBytes: number;
  readonly sequence: number;
  /** Wall time given by the caller, in milliseconds since 1970; 0 when none was given. */
  readonly issuedAtMs: number;
  /** Every record up to this sequence was on stable storage when this frame was written. */
  readonly acknowledgedThrough: number;
  /** Chain value of the record before this one. */
  readonly chainBefore: number;
  /** CRC-32C of the payload. */
  readonly payloadSum: number;
}

/** What binds a frame to its place: checksum seed of (log id, segment number). */
export interface Placement {
  readonly seed: number;
}

/** The placement of one segment of one log. `logId` is 16 bytes. */
export function placementOf(logId: Uint8Array, segment: number): Placement {
  const number = new Uint8Array(8);
  setU64(new DataView(number.buffer), 0, segment);
  return { seed: crc32c(number, crc32c(logId)) };
}

/** Length on disk of a frame with this payload: header, payload, zeros up to the next multiple of eight. */
export const frameBytes = (payloadBytes: number): number =>
  FRAME_HEADER_BYTES + Math.ceil(payloadBytes / FRAME_ALIGN_BYTES) * FRAME_ALIGN_BYTES;

/** A header carried to another offset, segment or log does not verify: the seed is a one-to-one function of the offset. */
const headerSeed = (placement: Placement, offset: number): number =>
  (placement.seed ^ Math.imul(offset / FRAME_ALIGN_BYTES, 0x9e3779b1)) >>> 0;

/** Where frames go: their place in a segment, and the chain value before the first. */
export interface FrameStart {
  readonly placement: Placement;
  /** Where the first frame will stand in the file. */
  readonly offset: number;
  readonly chainBefore: number;
}

/** Puts a payload where its frame at `at` wants it, and zeros behind it. Returns the payload's checksum. */
export function placePayload(memory: WordMemory, at: number, payload: Uint8Array): number {
  const { bytes } = memory;
  const from = at + FRAME_HEADER_BYTES;
  const to = from + payload.length;
  bytes.set(payload, from);
  const end = at + frameBytes(payload.length);
  for (let pad = to; pad < end; pad += 1) bytes[pad] = 0;
  return crc32cOfWords(memory, 0, { from, to });
}

/** Writes the headers of frames whose payloads are in place, one after another, chained. */
export class FrameSealer {
  readonly #memory: WordMemory;
  readonly #view: DataView;
  readonly #start: FrameStart;
  #at = 0;
  #chain: number;

  /** `memory` begins with the first frame. */
  constructor(memory: WordMemory, start: FrameStart) {
    this.#memory = memory;
    this.#view = viewOf(memory.bytes);
    this.#start = start;
    this.#chain = start.chainBefore;
  }

  /** Where the next frame begins. */
  get at(): number {
    return this.#at;
  }

  /** Chain value after the last frame. */
  get chain(): number {
    return this.#chain;
  }

  /** Seals the next frame; its chain value is the one that the frames before it give. */
  seal(header: Omit<FrameHeader, 'chainBefore'>): void {
    const view = this.#view;
    const at = this.#at;
    const chainBefore = this.#chain;
    view.setUint32(at + AT.marker, FRAME_MARKER, true);
    view.setUint32(at + AT.length, header.payloadBytes, true);
    setU64(view, at + AT.sequence, header.sequence);
    setU64(view, at + AT.issued, header.issuedAtMs);
    setU64(view, at + AT.acked, header.acknowledgedThrough);
    view.setUint32(at + AT.chain, chainBefore, true);
    view.setUint32(at + AT.flags, 0, true);
    view.setUint32(at + AT.payloadSum, header.payloadSum, true);
    const seed = headerSeed(this.#start.placement, this.#start.offset + at);
    const sum = crc32cOfWords(this.#memory, seed, { from: at, to: at + AT.headerSum });
    view.setUint32(at + AT.headerSum, sum, true);
    this.#at = at + frameBytes(header.payloadBytes);
    this.#chain = chainAfterFrom(header, chainBefore);
  }
}

/** One frame by itself, for its place in a segment. */
export function encodeFrame(
  record: Omit<FrameHeader, 'payloadBytes' | 'payloadSum'> & { readonly payload: Uint8Array },
  place: { readonly placement: Placement; readonly offset: number },
): Uint8Array {
  const { payload, chainBefore } = record;
  const memory = wordMemory(new Uint8Array(frameBytes(payload.length)));
  const payloadSum = placePayload(memory, 0, payload);
  new FrameSealer(memory, { ...place, chainBefore }).seal({ ...record, payloadBytes: payload.length, payloadSum });
  return memory.bytes;
}

/** The header at `at` in the window, or `undefined` when no frame was written at that place of that segment. */
export function decodeFrameHeader(
  window: { readonly bytes: Uint8Array; readonly view: DataView; readonly at: number },
  place: { readonly placement: Placement; readonly offset: number },
): FrameHeader | undefined {
  const { bytes, view, at } = window;
  if (view.getUint32(at + AT.marker, true) !== FRAME_MARKER) return undefined;
  const sum = crc32c(bytes, headerSeed(place.placement, place.offset), { from: at, to: at + AT.headerSum });
  if (sum !== view.getUint32(at + AT.headerSum, true)) return undefined;
  return {
    payloadBytes: view.getUint32(at + AT.length, true),
    sequence: getU64(view, at + AT.sequence),
    issuedAtMs: getU64(view, at + AT.issued),
    acknowledgedThrough: getU64(view, at + AT.acked),
    chainBefore: view.getUint32(at + AT.chain, true),
    payloadSum: view.getUint32(at + AT.payloadSum, true),
  };
}

/** Scratch space for links; filled anew by each call, so that a replay allocates nothing per record. */
const link = wordMemory(new Uint8Array(28));
const linkView = viewOf(link.bytes);
const LINK_SPAN = { from: 0, to: 28 } as const;

/**
 * The chain value after a record: a checksum of the chain before it and of what the record is (not where it lies), so
 * that a segment can be rewritten without breaking the chain, and a header alone tells the link.
 */
export const chainAfter = (header: Omit<FrameHeader, 'acknowledgedThrough'>): number =>
  chainAfterFrom(header, header.chainBefore);

function chainAfterFrom(
  header: Pick<FrameHeader, 'sequence' | 'issuedAtMs' | 'payloadBytes' | 'payloadSum'>,
  chainBefore: number,
): number {
  linkView.setUint32(0, chainBefore, true);
  setU64(linkView, 4, header.sequence);
  setU64(linkView, 12, header.issuedAtMs);
  linkView.setUint32(20, header.payloadBytes, true);
  linkView.setUint32(24, header.payloadSum, true);
  return crc32cOfWords(link, 0, LINK_SPAN);
}
