import { crc32c } from './crc32c.js';
import { LOG_ID_BYTES } from './segment-header.js';
import { getU64, setU64, viewOf } from './u64.js';

/**
 * The anchor is a small file of four slots, one per page. Two *bases* are written with a sync (on open, rotation,
 * retention and close); two *notes* are written without one after each commit, in turn. A note that reached the disk
 * proves that a damaged last record had been acknowledged; a note that did not costs nothing but that proof.
 */
export const ANCHOR_SLOT_STRIDE_BYTES = 4096;
/** Length of the anchor file. */
export const ANCHOR_BYTES = 4 * ANCHOR_SLOT_STRIDE_BYTES;
/** Slots 0 and 1 are bases, 2 and 3 are notes. */
export const ANCHOR_SLOTS = { bases: [0, 1], notes: [2, 3] } as const;
/** Bytes of one slot that carry something. */
const ANCHOR_SLOT_BYTES = 64;

const MAGIC = 0x484e4157; // "WANH"

export interface Anchor {
  readonly logId: Uint8Array;
  /** Rises with each slot written; the highest whole slot holds. */
  readonly counter: number;
  /** Every record up to this sequence is on stable storage. */
  readonly acknowledgedThrough: number;
  /** Oldest segment that retention has kept, and its first sequence. */
  readonly firstSegment: number;
  readonly firstSequence: number;
}

/** The bytes of one slot. */
export function encodeAnchorSlot(anchor: Anchor): Uint8Array {
  const bytes = new Uint8Array(ANCHOR_SLOT_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, 1, true);
  bytes.set(anchor.logId, 8);
  setU64(view, 24, anchor.counter);
  setU64(view, 32, anchor.acknowledgedThrough);
  setU64(view, 40, anchor.firstSegment);
  setU64(view, 48, anchor.firstSequence);
  view.setUint32(ANCHOR_SLOT_BYTES - 4, crc32c(bytes, 0, { from: 0, to: ANCHOR_SLOT_BYTES - 4 }), true);
  return bytes;
}

/** What is left of an anchor file. */
export interface AnchorReading {
  /** The newest whole slot. */
  readonly anchor: Anchor | undefined;
  /** Bases that were written and no longer verify. A fresh note slot is all zeros, and no damage. */
  readonly damagedBases: number;
  readonly damagedNotes: number;
}

/** Reads the four slots. `bytes` may be shorter than {@link ANCHOR_BYTES}. */
export function decodeAnchor(bytes: Uint8Array): AnchorReading {
  const read = (slot: number): Anchor | 'empty' | 'damaged' => {
    const at = slot * ANCHOR_SLOT_STRIDE_BYTES;
    return decodeSlot(bytes.subarray(at, at + ANCHOR_SLOT_BYTES));
  };
  const bases = ANCHOR_SLOTS.bases.map(read);
  const notes = ANCHOR_SLOTS.notes.map(read);
  let newest: Anchor | undefined;
  for (const slot of [...bases, ...notes]) {
    if (typeof slot === 'object' && (newest === undefined || slot.counter > newest.counter)) newest = slot;
  }
  return {
    anchor: newest,
    damagedBases: bases.filter((slot) => typeof slot === 'string').length,
    damagedNotes: notes.filter((slot) => slot === 'damaged').length,
  };
}

function decodeSlot(bytes: Uint8Array): Anchor | 'empty' | 'damaged' {
  if (bytes.every((byte) => byte === 0)) return 'empty';
  if (bytes.length < ANCHOR_SLOT_BYTES) return 'damaged';
  const view = viewOf(bytes);
  if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== 1) return 'damaged';
  const sum = crc32c(bytes, 0, { from: 0, to: ANCHOR_SLOT_BYTES - 4 });
  if (sum !== view.getUint32(ANCHOR_SLOT_BYTES - 4, true)) return 'damaged';
  return {
    logId: bytes.slice(8, 8 + LOG_ID_BYTES),
    counter: getU64(view, 24),
    acknowledgedThrough: getU64(view, 32),
    firstSegment: getU64(view, 40),
    firstSequence: getU64(view, 48),
  };
}
