/**
 * The positions of the last ids, the oldest forgotten first. A ring tells which one that is: a map asked for its first key walks
 * over every key that was deleted before it.
 */
export class RecentIds {
  readonly #countMax: number;
  readonly #positions = new Map<string, number>();
  readonly #ring: string[] = [];
  #next = 0;

  /** `countMax`: ids that are remembered; 0 remembers none. */
  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** `undefined` for an id that was never given, or was forgotten. */
  positionOf(id: string): number | undefined {
    return this.#positions.get(id);
  }

  /** An id that is known already keeps its age. */
  remember(id: string, position: number): void {
    if (this.#countMax === 0) return;
    if (!this.#positions.has(id)) this.#takePlace(id);
    this.#positions.set(id, position);
  }

  #takePlace(id: string): void {
    const oldest = this.#ring[this.#next];
    if (oldest !== undefined) this.#positions.delete(oldest);
    this.#ring[this.#next] = id;
    this.#next = (this.#next + 1) % this.#countMax;
  }
}
