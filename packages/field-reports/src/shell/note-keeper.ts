import type { ReportJournal } from '../ports.js';
import { encodeNote, type ReportNote } from '../wire/note-codec.js';

/**
 * Notes on their way into the log. Several are under way at once, so that they share a sync; one that failed is kept, in
 * order, until `retry` succeeds with it. There are never more than the reports and windows that they are about.
 */
export class NoteKeeper {
  readonly #journal: ReportJournal;
  readonly #onFailure: (error: unknown) => void;
  readonly #underWay = new Set<Promise<void>>();
  #failed: Uint8Array[] = [];

  constructor(journal: ReportJournal, onFailure: (error: unknown) => void) {
    this.#journal = journal;
    this.#onFailure = onFailure;
  }

  /** How many notes are not durable yet. */
  get unrecorded(): number {
    return this.#underWay.size + this.#failed.length;
  }

  add(note: ReportNote): void {
    this.#append(encodeNote(note));
  }

  /** Tries the failed ones again. */
  retry(): void {
    for (const bytes of this.#failed.splice(0)) this.#append(bytes);
  }

  /** Waits until every note is durable or has failed. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  #append(bytes: Uint8Array): void {
    const done = this.#journal
      .append(bytes)
      .catch((error: unknown) => {
        this.#failed.push(bytes);
        this.#onFailure(error);
      })
      .then(() => {
        this.#underWay.delete(done);
      });
    this.#underWay.add(done);
  }
}
