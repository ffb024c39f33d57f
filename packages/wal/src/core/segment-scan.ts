import { crc32c } from './crc32c.js';
import type { DamageCause } from './damage.js';
import {
  chainAfter,
  decodeFrameHeader,
  FRAME_ALIGN_BYTES,
  FRAME_HEADER_BYTES,
  FRAME_MARKER,
  type FrameHeader,
  frameBytes,
  type Placement,
} from './frame.js';
import { SEGMENT_HEADER_BYTES } from './segment-header.js';

/** One thing found in a segment, in file order. */
export type Finding = RecordFinding | DamageFinding | SupersededFinding;

/** A whole record. `payload` is a view of the window: copy it before the next window is scanned. */
export interface RecordFinding {
  readonly kind: 'record';
  readonly offset: number;
  readonly header: FrameHeader;
  readonly payload: Uint8Array;
  readonly chain: number;
}

export interface DamageFinding {
  readonly kind: 'damage';
  readonly cause: DamageCause;
  readonly offset: number;
  readonly bytes: number;
  readonly firstSequence: number;
  /** `undefined`: up to the end of the newest segment, which only the acknowledgements can tell. */
  readonly lastSequence: number | undefined;
}

/** What follows the last record that belongs here, in a segment that was given up after a failed write. */
export interface SupersededFinding {
  readonly kind: 'superseded';
  readonly offset: number;
  readonly bytes: number;
}

export interface ScanStart {
  readonly placement: Placement;
  readonly firstSequence: number;
  /** Chain value before the first record, when known. */
  readonly chainBefore: number | undefined;
  /** First sequence of the next segment; `undefined` in the newest one. Frames from there on are superseded. */
  readonly fence: number | undefined;
  /** Where scanning ends: the file's length, or the committed part of it. */
  readonly limitBytes: number;
}

/** A piece of the file: `bytes[0]` stands at `base`. */
export interface ScanWindow {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly base: number;
}

type Step = 'advanced' | 'need-more' | 'searching' | 'done';

/**
 * Reads one segment, window by window, with memory for one window. After damage it searches for the next frame marker
 * whose header verifies at that very place; so damage costs the records it touches and no other.
 */
export class SegmentScanner {
  readonly #start: ScanStart;
  #offset = SEGMENT_HEADER_BYTES;
  #expected: number;
  #chain: number | undefined;
  #damageFrom: number | undefined;
  #damageIsZero = true;
  #neededBytes = FRAME_HEADER_BYTES;
  #found: Finding[] = [];

  constructor(start: ScanStart) {
    this.#start = start;
    this.#expected = start.firstSequence;
    this.#chain = start.chainBefore;
  }

  /** Where the next window must begin. */
  get offset(): number {
    return this.#offset;
  }

  /** How many bytes the next window must hold, unless the limit comes first. */
  get neededBytes(): number {
    return this.#neededBytes;
  }

  /** Scans as far as the window reaches; a window that ends at the limit is the last. */
  scan(window: ScanWindow): readonly Finding[] {
    this.#found = [];
    const end = window.base + window.bytes.length;
    let step: Step = 'advanced';
    while (step === 'advanced' || step === 'searching') {
      step = this.#damageFrom === undefined ? this.#stepFrame(window, end) : this.#search(window, end);
    }
    if (step === 'done' || end >= this.#start.limitBytes) this.#finish();
    return this.#found;
  }

  #stepFrame(window: ScanWindow, end: number): Step {
    if (this.#expected === this.#start.fence) return 'done';
    const available = end - this.#offset;
    if (available < FRAME_HEADER_BYTES) {
      if (end < this.#start.limitBytes) return this.#need(FRAME_HEADER_BYTES);
      if (available === 0) return 'done';
      return this.#beginDamage();
    }
    const header = this.#headerAt(window, this.#offset);
    return header === undefined ? this.#beginDamage() : this.#frame(window, end, header);
  }

  #headerAt(window: ScanWindow, offset: number): FrameHeader | undefined {
    const at = offset - window.base;
    const place = { placement: this.#start.placement, offset };
    return decodeFrameHeader({ bytes: window.bytes, view: window.view, at }, place);
  }

  /** A header that verifies is the truth about this place; now for what it says. */
  #frame(window: ScanWindow, end: number, header: FrameHeader): Step {
    const { fence, limitBytes } = this.#start;
    if (fence !== undefined && header.sequence >= fence) return 'done';
    // The file may end within the padding: the record is whole all the same.
    const total = Math.min(frameBytes(header.payloadBytes), limitBytes - this.#offset);
    if (total < FRAME_HEADER_BYTES + header.payloadBytes) {
      this.#skipTo(header.sequence, 'missing');
      this.#damage('payload', limitBytes - this.#offset, [header.sequence, header.sequence]);
      this.#expected = header.sequence + 1;
      this.#offset = limitBytes;
      return 'done';
    }
    if (this.#offset + total > end) return this.#need(total);
    if (header.sequence < this.#expected) {
      this.#damage('out-of-order', total, [this.#expected, this.#expected - 1]);
      this.#offset += total;
      return 'advanced';
    }
    this.#skipTo(header.sequence, 'missing');
    this.#accept(window, header, total);
    return 'advanced';
  }

  #accept(window: ScanWindow, header: FrameHeader, total: number): void {
    const from = this.#offset - window.base + FRAME_HEADER_BYTES;
    const payload = window.bytes.subarray(from, from + header.payloadBytes);
    const chain = chainAfter(header);
    if (this.#chain !== undefined && this.#chain !== header.chainBefore) {
      this.#damage('chain', 0, [header.sequence, header.sequence - 1]);
    }
    if (crc32c(payload) === header.payloadSum) {
      this.#found.push({ kind: 'record', offset: this.#offset, header, payload, chain });
      this.#checkPadding(window, header, total);
    } else {
      this.#damage('payload', total, [header.sequence, header.sequence]);
    }
    this.#chain = chain;
    this.#expected = header.sequence + 1;
    this.#offset += total;
    this.#neededBytes = FRAME_HEADER_BYTES;
  }

  #checkPadding(window: ScanWindow, header: FrameHeader, total: number): void {
    const frameAt = this.#offset - window.base;
    for (let at = frameAt + FRAME_HEADER_BYTES + header.payloadBytes; at < frameAt + total; at += 1) {
      if (window.bytes[at] !== 0) {
        this.#damage('padding', total, [header.sequence + 1, header.sequence]);
        return;
      }
    }
  }

  #beginDamage(): Step {
    this.#damageFrom = this.#offset;
    this.#damageIsZero = true;
    return 'searching';
  }

  /** Steps from one possible frame start to the next until a header verifies. */
  #search(window: ScanWindow, end: number): Step {
    const { view, base } = window;
    const { limitBytes } = this.#start;
    while (this.#offset + FRAME_HEADER_BYTES <= end) {
      const at = this.#offset - base;
      const word = view.getUint32(at, true);
      if (word !== 0 || view.getUint32(at + 4, true) !== 0) this.#damageIsZero = false;
      if (word === FRAME_MARKER && this.#resume(window)) return 'advanced';
      this.#offset += FRAME_ALIGN_BYTES;
    }
    if (end < limitBytes) return this.#need(FRAME_HEADER_BYTES);
    for (let at = this.#offset - base; at < window.bytes.length; at += 1) {
      if (window.bytes[at] !== 0) this.#damageIsZero = false;
    }
    this.#offset = limitBytes;
    return 'done';
  }

  #resume(window: ScanWindow): boolean {
    const header = this.#headerAt(window, this.#offset);
    if (header === undefined || header.sequence < this.#expected) return false;
    const next = Math.min(header.sequence, this.#start.fence ?? header.sequence);
    this.#closeDamage(next - 1);
    if (next > this.#expected) this.#chain = undefined;
    this.#expected = next;
    return true;
  }

  #closeDamage(lastSequence: number | undefined): void {
    const from = this.#damageFrom;
    if (from === undefined) return;
    this.#damageFrom = undefined;
    this.#found.push({
      kind: 'damage',
      cause: this.#damageIsZero ? 'zeroed' : 'frame',
      offset: from,
      bytes: this.#offset - from,
      firstSequence: this.#expected,
      lastSequence,
    });
  }

  #skipTo(sequence: number, cause: DamageCause): void {
    if (sequence === this.#expected) return;
    this.#damage(cause, 0, [this.#expected, sequence - 1]);
    this.#expected = sequence;
    this.#chain = undefined;
  }

  #damage(cause: DamageCause, bytes: number, [firstSequence, lastSequence]: readonly [number, number]): void {
    this.#found.push({ kind: 'damage', cause, offset: this.#offset, bytes, firstSequence, lastSequence });
  }

  #finish(): void {
    const { fence, limitBytes } = this.#start;
    if (this.#damageFrom !== undefined) {
      this.#closeDamage(fence === undefined ? undefined : fence - 1);
    } else if (fence !== undefined && this.#expected < fence) {
      this.#damage('missing', 0, [this.#expected, fence - 1]);
    }
    if (fence !== undefined && this.#offset < limitBytes) {
      const bytes = limitBytes - this.#offset;
      this.#found.push({ kind: 'superseded', offset: this.#offset, bytes });
    }
    this.#offset = limitBytes;
  }

  #need(bytes: number): Step {
    this.#neededBytes = bytes;
    return 'need-more';
  }
}
