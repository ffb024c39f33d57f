/** A record's place in the log, and the time in the id of the decision it is about. */
interface Mark {
  readonly logSequence: number;
  readonly idMs: number;
}

/** Records between two marks. */
const EVERY = 256;
/** Marks that are kept; beyond, every second one is given up. */
const MARKS_MAX = 65_536;

/** Rough places in the log by time: enough to begin reading near a decision instead of at the beginning. */
export class LogMarks {
  #marks: Mark[] = [];
  #every = EVERY;
  #sinceLast = 0;

  /** One record about a decision, in log order. Times never fall. */
  note(logSequence: number, idMs: number): void {
    this.#sinceLast += 1;
    if (this.#marks.length > 0 && this.#sinceLast < this.#every) return;
    this.#sinceLast = 0;
    this.#marks.push({ logSequence, idMs });
    if (this.#marks.length <= MARKS_MAX) return;
    this.#marks = this.#marks.filter((_, at) => at % 2 === 0);
    this.#every *= 2;
  }

  /** A place before every record of a decision that began at `idMs`; `undefined` when there is no record at all. */
  placeBefore(idMs: number): number | undefined {
    let low = 0;
    let high = this.#marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#marks[middle]?.idMs ?? 0) < idMs) low = middle + 1;
      else high = middle;
    }
    return this.#marks[Math.max(0, low - 1)]?.logSequence;
  }
}
