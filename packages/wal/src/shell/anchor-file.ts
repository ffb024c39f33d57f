import { ANCHOR_BYTES, ANCHOR_SLOT_STRIDE_BYTES, ANCHOR_SLOTS, type Anchor, encodeAnchorSlot } from '../core/anchor.js';
import { ANCHOR_FILE } from '../core/layout.js';
import type { Disk, DiskFile } from '../ports.js';
import { putFile, writeFully } from './disk-io.js';

type AnchorFacts = Omit<Anchor, 'counter'>;

/** The anchor file of an open log. Bases are durable; notes are written behind the commits, one at a time. */
export class AnchorFile {
  readonly #file: DiskFile;
  readonly #onNoteFailure: (error: unknown) => void;
  #facts: AnchorFacts;
  #counter: number;
  #noteSlot = 0;
  #noteWanted = false;
  #noting: Promise<void> | undefined;

  private constructor(file: DiskFile, start: Anchor, onNoteFailure: (error: unknown) => void) {
    this.#file = file;
    this.#facts = start;
    this.#counter = start.counter;
    this.#onNoteFailure = onNoteFailure;
  }

  /** Opens the file, or makes a new one when it is absent or too short, and writes durable bases. */
  static async open(
    where: { readonly disk: Disk; readonly directory: string; readonly there: boolean },
    start: Anchor,
    onNoteFailure: (error: unknown) => void,
  ): Promise<AnchorFile> {
    const { disk, directory } = where;
    if (!where.there) {
      const bytes = new Uint8Array(ANCHOR_BYTES);
      for (const slot of ANCHOR_SLOTS.bases) bytes.set(encodeAnchorSlot(start), slot * ANCHOR_SLOT_STRIDE_BYTES);
      await putFile(disk, { directory, name: ANCHOR_FILE }, bytes);
    }
    const file = await disk.open(`${directory}/${ANCHOR_FILE}`, 'write');
    const anchor = new AnchorFile(file, start, onNoteFailure);
    if (where.there) await anchor.writeBases(start);
    return anchor;
  }

  /** Writes both bases, one after the other, each with a sync: whatever happens, one of them is whole. */
  async writeBases(facts: AnchorFacts): Promise<void> {
    await this.#noting;
    // An acknowledgement may have been noted while this waited; a base must not take the proof of it back.
    const acknowledgedThrough = Math.max(facts.acknowledgedThrough, this.#facts.acknowledgedThrough);
    this.#facts = { ...facts, acknowledgedThrough };
    for (const slot of ANCHOR_SLOTS.bases) {
      await this.#writeSlot(slot);
      await this.#file.sync();
    }
  }

  /** Notes an acknowledgement, behind the caller's back and without a sync. Several in a row become one. */
  note(acknowledgedThrough: number): void {
    this.#facts = { ...this.#facts, acknowledgedThrough };
    this.#noteWanted = true;
    this.#noting ??= this.#writeNotes();
  }

  /** Waits until the last note has been handed to the disk. */
  async settled(): Promise<void> {
    await this.#noting;
  }

  async close(): Promise<void> {
    await this.#noting;
    await this.#file.close();
  }

  async #writeNotes(): Promise<void> {
    try {
      while (this.#noteWanted) {
        this.#noteWanted = false;
        this.#noteSlot = 1 - this.#noteSlot;
        await this.#writeSlot(ANCHOR_SLOTS.notes[this.#noteSlot as 0 | 1]);
      }
    } catch (error) {
      // A missing note costs a proof, never a record; but it is counted and told.
      this.#onNoteFailure(error);
    } finally {
      this.#noting = undefined;
    }
  }

  async #writeSlot(slot: number): Promise<void> {
    this.#counter += 1;
    const bytes = encodeAnchorSlot({ ...this.#facts, counter: this.#counter });
    await writeFully(this.#file, bytes, slot * ANCHOR_SLOT_STRIDE_BYTES);
  }
}
