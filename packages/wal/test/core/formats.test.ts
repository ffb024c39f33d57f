import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ANCHOR_BYTES, ANCHOR_SLOT_STRIDE_BYTES, decodeAnchor, encodeAnchorSlot } from '../../src/core/anchor.js';
import { crc32c } from '../../src/core/crc32c.js';
import { chainAfter, decodeFrameHeader, encodeFrame, placementOf } from '../../src/core/frame.js';
import { decodeScars, encodeScars } from '../../src/core/scar.js';
import { decodeSegmentHeader, encodeSegmentHeader } from '../../src/core/segment-header.js';
import { parseSegmentName, segmentName } from '../../src/core/segment-name.js';

const logId = Uint8Array.from({ length: 16 }, (_, at) => at);
const header = { sequence: 7, issuedAtMs: 1_700_000_000_000, acknowledgedThrough: 6, chainBefore: 0x12345678 };

const frameOf = (payload: Uint8Array): Uint8Array =>
  encodeFrame({ ...header, payload }, { placement: placementOf(logId, 1), offset: 1024 });

const read = (bytes: Uint8Array, offset = 1024, segment = 1) =>
  decodeFrameHeader(
    { bytes, view: new DataView(bytes.buffer), at: 0 },
    { placement: placementOf(logId, segment), offset },
  );

describe('segment names', () => {
  it('sort as their numbers do, and come back', () => {
    const ids = [1, 9, 10, 255, 2 ** 52].map((segment) => ({ segment, firstSequence: segment * 2 - 1 }));
    const names = ids.map(segmentName);
    expect([...names].sort()).toEqual(names);
    expect(names.map(parseSegmentName)).toEqual(ids);
  });

  it.each([
    'x.wal',
    '1-1.wal',
    `${segmentName({ segment: 1, firstSequence: 1 })}.tmp`,
    '00000000000000-00000000000001.wal',
    'ffffffffffffff-00000000000001.wal',
  ])('take %s for no segment', (name) => expect(parseSegmentName(name)).toBeUndefined());
});

describe('frames', () => {
  it('WA-01: a frame gives back its header, at its own place only', () => {
    const payload = new Uint8Array([1, 2, 3]);
    const bytes = frameOf(payload);
    expect(bytes).toHaveLength(56);
    expect(read(bytes)).toEqual({ ...header, payloadBytes: 3, payloadSum: crc32c(payload) });
    expect(read(bytes, 1032)).toBeUndefined();
    expect(read(bytes, 1024, 2)).toBeUndefined();
  });

  it('every bit of the header is covered', () => {
    const bytes = frameOf(new Uint8Array(5));
    for (let bit = 0; bit < 48 * 8; bit += 1) {
      const damaged = bytes.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(read(damaged)).toBeUndefined();
    }
  });

  it('the chain tells apart any two records, and does not depend on the place', () => {
    const base = { ...header, payloadBytes: 3, payloadSum: 9 };
    const changed = [{ sequence: 8 }, { issuedAtMs: 1 }, { chainBefore: 1 }, { payloadBytes: 4 }, { payloadSum: 8 }];
    const values = new Set([base, ...changed.map((change) => ({ ...base, ...change }))].map(chainAfter));
    expect(values.size).toBe(6);
  });
});

describe('segment headers', () => {
  const full = { logId, segment: 3, firstSequence: 40, chainBefore: 0xdeadbeef, createdAtMs: 1_700_000_000_000 };

  it('survive the loss of either copy, and say so', () => {
    const bytes = encodeSegmentHeader(full);
    expect(decodeSegmentHeader(bytes)).toEqual({ header: full, damagedCopies: 0, unknownVersion: undefined });
    for (const at of [0, 512]) {
      const damaged = bytes.slice().fill(0, at, at + 512);
      expect(decodeSegmentHeader(damaged)).toEqual({ header: full, damagedCopies: 1, unknownVersion: undefined });
    }
    expect(decodeSegmentHeader(new Uint8Array(1024)).header).toBeUndefined();
    expect(decodeSegmentHeader(new Uint8Array(3)).damagedCopies).toBe(2);
  });

  it('name a version that is not known', () => {
    const bytes = encodeSegmentHeader(full);
    for (const at of [0, 512]) {
      const view = new DataView(bytes.buffer, at, 64);
      view.setUint16(8, 2, true);
      view.setUint32(60, crc32c(bytes, 0, { from: at, to: at + 60 }), true);
    }
    expect(decodeSegmentHeader(bytes)).toEqual({ header: undefined, damagedCopies: 0, unknownVersion: 2 });
  });
});

describe('the anchor', () => {
  const anchor = { logId, counter: 5, acknowledgedThrough: 9, firstSegment: 1, firstSequence: 1 };
  const file = (slots: readonly number[]) => {
    const bytes = new Uint8Array(ANCHOR_BYTES);
    slots.forEach((counter, slot) => {
      if (counter > 0) bytes.set(encodeAnchorSlot({ ...anchor, counter }), slot * ANCHOR_SLOT_STRIDE_BYTES);
    });
    return bytes;
  };

  it('gives the newest whole slot, whichever it is', () => {
    for (const slots of [
      [9, 1, 2, 3],
      [1, 9, 2, 3],
      [1, 2, 9, 3],
      [1, 2, 3, 9],
    ]) {
      expect(decodeAnchor(file(slots)).anchor?.counter).toBe(9);
    }
    expect(decodeAnchor(file([1, 2, 0, 0]))).toEqual({
      anchor: { ...anchor, counter: 2 },
      damagedBases: 0,
      damagedNotes: 0,
    });
  });

  it('every bit of a slot is covered, and a missing base is damage', () => {
    const bytes = file([1, 2, 0, 0]);
    for (let bit = 0; bit < 64 * 8; bit += 1) {
      const damaged = bytes.slice();
      const at = ANCHOR_SLOT_STRIDE_BYTES + (bit >> 3);
      damaged[at] = (damaged[at] as number) ^ (1 << (bit & 7));
      expect(decodeAnchor(damaged)).toMatchObject({ anchor: { counter: 1 }, damagedBases: 1 });
    }
    expect(decodeAnchor(new Uint8Array())).toEqual({ anchor: undefined, damagedBases: 2, damagedNotes: 0 });
  });
});

describe('scars', () => {
  it('come back, and a damaged line costs itself only', () => {
    const scars = [1, 2, 3].map((first) => ({
      first,
      last: first + 1,
      file: 'f.wal',
      offset: 8 * first,
      cause: 'payload',
      acknowledged: true,
      notedAtMs: 5,
    }));
    const bytes = encodeScars(scars);
    expect(decodeScars(bytes)).toEqual({ scars, damagedLines: 0 });
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const damaged = bytes.slice();
        damaged[at] = (damaged[at] as number) ^ (1 << bit);
        const read = decodeScars(damaged);
        expect(read.scars.length).toBeGreaterThanOrEqual(1);
        expect(read.damagedLines).toBeGreaterThanOrEqual(1);
        for (const scar of read.scars) expect(scars).toContainEqual(scar);
      }),
    );
  });
});
