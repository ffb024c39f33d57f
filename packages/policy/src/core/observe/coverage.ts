/** How much of what the network could be told it was told. */
export interface Coverage {
  /** Present over expected observations of all evidence features, 0..1; what is missing counts as 0. 0 when nothing was expected. */
  readonly ratio: number;
  /** Present over expected per feature, for example `seed.risk`, and per relation, for example `edges.layer_connects`. */
  readonly byKey: Readonly<Record<string, number>>;
  /** The same per family: `node.seed` (evidence features only), `edges.layer_connects`, and `kept.layer` (rows kept over rows given). */
  readonly byType: Readonly<Record<string, number>>;
  /** Keys of which nothing at all was present. */
  readonly missingKeys: readonly string[];
  /** What a cap has left out. */
  readonly truncated: readonly Truncation[];
}

/** `kept` of `total` rows (or edges) of `type` are in the graph. */
export interface Truncation {
  readonly type: string;
  readonly kept: number;
  readonly total: number;
}

/** Takes note of what a cap keeps of a set. */
export interface KeptNotes {
  kept(type: string, kept: number, total: number): void;
}

/** Counts presence while the graph is built; {@link CoverageTally.coverage} sums it up. */
export class CoverageTally implements KeptNotes {
  readonly #byKey = new Counts();
  readonly #byType = new Counts();
  #present = 0;
  #expected = 0;
  readonly #truncated: Truncation[] = [];
  readonly #later: (() => void)[] = [];

  /** `key` is the feature's own, for example `seed.risk`. Features of no row at all say nothing and leave no key. */
  feature(key: string, present: number, expected: number): void {
    if (expected > 0) this.#byKey.add(key, present, expected);
  }

  /** The evidence features of one node type together; `family` is for example `node.seed`. */
  evidence(family: string, present: number, expected: number): void {
    if (expected === 0) return;
    this.#byType.add(family, present, expected);
    this.#present += present;
    this.#expected += expected;
  }

  /** `key` is for example `edges.seed_peer`. Called where both ends have rows: only there edges can be expected. */
  relation(key: string, edgeCount: number): void {
    const present = edgeCount > 0 ? 1 : 0;
    this.#byKey.add(key, present, 1);
    this.#byType.add(key, present, 1);
  }

  /** Called once per capped set; without loss it leaves only its `kept` entry. */
  kept(type: string, kept: number, total: number): void {
    if (total === 0) return;
    this.#byType.add(`kept.${type}`, kept, total);
    if (kept < total) this.#truncated.push({ type, kept, total });
  }

  /** What is only counted once somebody asks. */
  later(count: () => void): void {
    this.#later.push(count);
  }

  coverage(): Coverage {
    for (const count of this.#later.splice(0)) count();
    return {
      ratio: this.#expected === 0 ? 0 : this.#present / this.#expected,
      byKey: this.#byKey.ratios(),
      byType: this.#byType.ratios(),
      missingKeys: this.#byKey.missing(),
      truncated: this.#truncated,
    };
  }
}

/** Presence by key, in the order the keys came. What shares a key comes one behind the other. */
class Counts {
  readonly #keys: string[] = [];
  readonly #present: number[] = [];
  readonly #expected: number[] = [];

  add(key: string, present: number, expected: number): void {
    const last = this.#keys.length - 1;
    if (this.#keys[last] === key) {
      this.#present[last] = (this.#present[last] as number) + present;
      this.#expected[last] = (this.#expected[last] as number) + expected;
      return;
    }
    this.#keys.push(key);
    this.#present.push(present);
    this.#expected.push(expected);
  }

  ratios(): Readonly<Record<string, number>> {
    const ratios: Record<string, number> = {};
    for (const [at, key] of this.#keys.entries())
      ratios[key] = (this.#present[at] as number) / (this.#expected[at] as number);
    return ratios;
  }

  missing(): readonly string[] {
    return this.#keys.filter((_, at) => this.#present[at] === 0);
  }
}
