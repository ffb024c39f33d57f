import type { JournalRecord, TelemetryJournal } from '../ports.js';

/**
 * A journal in memory that can be made to fail, to hang and to crash. What `append` has resolved survives
 * {@link MemoryTelemetryJournal.crash}; what is under way is lost.
 */
export class MemoryTelemetryJournal implements TelemetryJournal {
  #records: JournalRecord[];
  #nextPosition: number;
  #failure: Error | undefined;
  #held: (() => void)[] | undefined;

  constructor(records: readonly JournalRecord[] = []) {
    this.#records = [...records];
    this.#nextPosition = (records.at(-1)?.position ?? 0) + 1;
  }

  get records(): readonly JournalRecord[] {
    return this.#records;
  }

  /** Appends reject from now on; `undefined` heals. */
  failWith(failure: Error | undefined): void {
    this.#failure = failure;
  }

  /** Appends wait from now on, until {@link release}. */
  hold(): void {
    this.#held ??= [];
  }

  /** Lets waiting appends become durable, in order. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const resume of held) resume();
  }

  /** What the next process finds: every durable record. This one is of no use any more. */
  crash(): MemoryTelemetryJournal {
    const survivor = new MemoryTelemetryJournal(this.#records);
    this.#failure = new Error('crashed');
    this.#held = undefined;
    return survivor;
  }

  async append(bytes: Uint8Array): Promise<number> {
    const position = this.#nextPosition;
    this.#nextPosition += 1;
    const held = this.#held;
    if (held !== undefined) await new Promise<void>((resume) => held.push(resume));
    if (this.#failure !== undefined) throw this.#failure;
    this.#records.push({ position, bytes: new Uint8Array(bytes) });
    return position;
  }

  async *read(afterPosition: number): AsyncGenerator<JournalRecord> {
    yield* this.#records.filter(({ position }) => position > afterPosition);
  }

  async forgetThrough(position: number): Promise<void> {
    this.#records = this.#records.filter((record) => record.position > position);
  }
}
