import { err, ok, type Result } from '@esper/std';
import type { LeylineErrorCode, LeylineRefusal } from '../errors.js';
import { describeKey } from './describe-found.js';
import { HEADS, type Head } from './msgpack-heads.js';
import type { PlainLimits } from './plain-value.js';

/** What a scan found out that decoding needs to know. */
export interface ScanFacts {
  /** 64-bit integers, which the decoder returns as `bigint`. */
  readonly wideIntegers: number;
  /** Byte strings, which the decoder returns as views of its input. */
  readonly byteStrings: number;
}

/** A list or map whose elements are being passed over. `left` counts keys and values alike. */
interface Frame {
  readonly isMap: boolean;
  left: number;
  /** Where this map's keys begin in `keyRanges`. */
  readonly rangesFrom: number;
  /** Filled at the first key out of order: sorted keys cannot repeat, others have to be remembered. */
  seen: Set<string> | undefined;
}

type Refused = Omit<LeylineRefusal, 'otherCount'>;

const FATAL_TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Walks msgpack bytes without building anything, and refuses what a decoder should not see: nesting, counts and lengths
 * beyond the limits or beyond what is there, keys that are not text, keys given twice, `__proto__`, text that is not
 * UTF-8, extension types, bytes after the end. Time and memory grow with the bytes that are there, never with a length
 * that is only declared.
 */
export function scanBytes(bytes: Uint8Array, limits: PlainLimits): Result<ScanFacts, LeylineRefusal> {
  if (bytes.byteLength > limits.bytesMax) {
    return err({
      code: 'LEYLINE_TOO_LARGE',
      path: '$',
      expected: `at most ${limits.bytesMax} bytes`,
      found: `${bytes.byteLength} bytes`,
      otherCount: 0,
    });
  }
  const scan = new Scan(bytes, limits);
  const refused = scan.run();
  return refused === undefined ? ok(scan.facts()) : err({ ...refused, otherCount: 0 });
}

class Scan {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: PlainLimits;
  readonly #frames: Frame[] = [];
  /** Start and end of each key of the open maps, innermost last. */
  readonly #keyRanges: number[] = [];
  #at = 0;
  #elements = 0;
  #wideIntegers = 0;
  #byteStrings = 0;

  constructor(bytes: Uint8Array, limits: PlainLimits) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#limits = limits;
  }

  facts(): ScanFacts {
    return { wideIntegers: this.#wideIntegers, byteStrings: this.#byteStrings };
  }

  run(): Refused | undefined {
    const first = this.#element(false);
    if (first !== undefined) return first;
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      if (frame.left === 0) {
        this.#frames.pop();
        this.#keyRanges.length = frame.rangesFrom;
        continue;
      }
      const isKey = frame.isMap && frame.left % 2 === 0;
      frame.left -= 1;
      const refused = this.#element(isKey);
      if (refused !== undefined) return refused;
    }
    if (this.#at === this.#bytes.byteLength) return undefined;
    return this.#refuse('LEYLINE_TRAILING', 'the end', `${this.#bytes.byteLength - this.#at} more bytes`);
  }

  #element(isKey: boolean): Refused | undefined {
    this.#elements += 1;
    if (this.#elements > this.#limits.elementsMax) {
      return this.#refuse('LEYLINE_TOO_MANY', `at most ${this.#limits.elementsMax} elements`, 'more');
    }
    const byte = this.#bytes[this.#at];
    if (byte === undefined) return this.#refuse('LEYLINE_TRUNCATED', 'another value', 'the end');
    const head = HEADS[byte] as Head;
    if (isKey && head.kind !== 'text') return this.#refuse('LEYLINE_MALFORMED', 'a key that is text', head.kind);
    if (this.#at + 1 + head.width > this.#bytes.byteLength) {
      return this.#refuse('LEYLINE_TRUNCATED', `${head.width} more bytes`, 'the end');
    }
    return this.#value(head, isKey);
  }

  #value(head: Head, isKey: boolean): Refused | undefined {
    if (head.kind === 'scalar') return this.#scalar(head);
    if (head.kind === 'refused') return this.#refuse('LEYLINE_MALFORMED', 'plain data', head.name);
    const size = head.width === 0 ? head.size : this.#uint(this.#at + 1, head.width);
    const start = this.#at + 1 + head.width;
    if (head.kind === 'text') return this.#text({ start, size, isKey });
    if (head.kind === 'bytes') return this.#byteString(start, size);
    return this.#open({ isMap: head.kind === 'map', start, size });
  }

  #scalar(head: Head): undefined {
    if (head.name === 'int 64') this.#wideIntegers += 1;
    this.#at += 1 + head.width;
  }

  #text(text: { start: number; size: number; isKey: boolean }): Refused | undefined {
    const { start, size } = text;
    if (size > this.#limits.textBytesMax) {
      return this.#refuse('LEYLINE_TOO_MANY', `text of at most ${this.#limits.textBytesMax} bytes`, `${size} bytes`);
    }
    const missing = this.#missing(start, size);
    if (missing !== undefined) return missing;
    if (!this.#isUtf8(start, start + size)) return this.#refuse('LEYLINE_MALFORMED', 'text in UTF-8', 'other bytes');
    const refused = text.isKey ? this.#key(start, start + size) : undefined;
    this.#at = start + size;
    return refused;
  }

  #byteString(start: number, size: number): Refused | undefined {
    const missing = this.#missing(start, size);
    if (missing !== undefined) return missing;
    this.#byteStrings += 1;
    this.#at = start + size;
    return undefined;
  }

  #open(list: { isMap: boolean; start: number; size: number }): Refused | undefined {
    const { isMap, start, size } = list;
    const most = isMap ? this.#limits.mapEntriesMax : this.#limits.arrayItemsMax;
    if (size > most)
      return this.#refuse('LEYLINE_TOO_MANY', `at most ${most} ${isMap ? 'entries' : 'items'}`, `${size}`);
    if (this.#frames.length >= this.#limits.depthMax) {
      return this.#refuse('LEYLINE_TOO_DEEP', `nesting of at most ${this.#limits.depthMax}`, 'more');
    }
    const left = isMap ? size * 2 : size;
    // Each element is at least one byte long, so a longer list cannot be there.
    const missing = this.#missing(start, left);
    if (missing !== undefined) return missing;
    this.#frames.push({ isMap, left, rangesFrom: this.#keyRanges.length, seen: undefined });
    this.#at = start;
    return undefined;
  }

  #key(start: number, end: number): Refused | undefined {
    const frame = this.#frames.at(-1) as Frame;
    if (this.#isProto(start, end)) return this.#refuse('LEYLINE_FORBIDDEN_KEY', 'another key', '__proto__');
    const ranges = this.#keyRanges;
    const isFirst = ranges.length === frame.rangesFrom;
    const isSorted = isFirst || this.#compare([ranges.at(-2) as number, ranges.at(-1) as number], [start, end]) < 0;
    ranges.push(start, end);
    if (isSorted && frame.seen === undefined) return undefined;
    const key = this.#decode(start, end);
    const seen = this.#seen(frame, ranges.length - 2);
    if (seen.has(key)) return this.#refuse('LEYLINE_DUPLICATE_KEY', 'each key once', `${describeKey(key)} again`);
    seen.add(key);
    return undefined;
  }

  /** The keys of this map so far, up to (not including) the range at `until`. */
  #seen(frame: Frame, until: number): Set<string> {
    if (frame.seen !== undefined) return frame.seen;
    const seen = new Set<string>();
    for (let i = frame.rangesFrom; i < until; i += 2) {
      seen.add(this.#decode(this.#keyRanges[i] as number, this.#keyRanges[i + 1] as number));
    }
    frame.seen = seen;
    return seen;
  }

  #compare(a: readonly [number, number], b: readonly [number, number]): number {
    const shared = Math.min(a[1] - a[0], b[1] - b[0]);
    for (let i = 0; i < shared; i += 1) {
      const difference = (this.#bytes[a[0] + i] as number) - (this.#bytes[b[0] + i] as number);
      if (difference !== 0) return difference;
    }
    return a[1] - a[0] - (b[1] - b[0]);
  }

  #isProto(start: number, end: number): boolean {
    return end - start === 9 && this.#bytes[start] === 0x5f && this.#decode(start, end) === '__proto__';
  }

  #isUtf8(start: number, end: number): boolean {
    let at = start;
    while (at < end && (this.#bytes[at] as number) < 0x80) at += 1;
    if (at === end) return true;
    try {
      this.#decode(at, end);
      return true;
    } catch {
      // The decoder's only way to say no.
      return false;
    }
  }

  #decode(start: number, end: number): string {
    return FATAL_TEXT.decode(this.#bytes.subarray(start, end));
  }

  #missing(start: number, size: number): Refused | undefined {
    const there = this.#bytes.byteLength - start;
    if (size <= there) return undefined;
    return this.#refuse('LEYLINE_TRUNCATED', `at least ${size} more bytes`, `${there}`);
  }

  #uint(at: number, width: number): number {
    if (width === 1) return this.#view.getUint8(at);
    return width === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  #refuse(code: LeylineErrorCode, expected: string, found: string): Refused {
    return { code, path: `byte ${this.#at}`, expected, found };
  }
}
