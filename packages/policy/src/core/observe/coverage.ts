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
    const byKey = this.#byKey.sums();
    return {
      ratio: this.#expected === 0 ? 0 : this.#present / this.#expected,
      byKey: ratios(byKey),
      byType: ratios(this.#byType.sums()),
      missingKeys: byKey.filter(({ present }) => present === 0).map(({ key }) => key),
      truncated: this.#truncated,
    };
  }
}

/** Presence by key, in the order the keys first came. Counting is a part of every observation, summing up is done once it is asked for. */
class Counts {
  readonly #keys: string[] = [];
  readonly #present: number[] = [];
  readonly #expected: number[] = [];

  add(key: string, present: number, expected: number): void {
    this.#keys.push(key);
    this.#present.push(present);
    this.#expected.push(expected);
  }

  sums(): readonly KeyCount[] {
    const sums = new Map<string, KeyCount>();
    for (const [at, key] of this.#keys.entries()) {
      const [present, expected] = [this.#present[at] as number, this.#expected[at] as number];
      const known = sums.get(key);
      if (known === undefined) sums.set(key, { key, present, expected });
      else {
        known.present += present;
        known.expected += expected;
      }
    }
    return [...sums.values()];
  }
}

interface KeyCount {
  readonly key: string;
  present: number;
  expected: number;
}

const ratios = (sums: readonly KeyCount[]): Readonly<Record<string, number>> =>
  Object.fromEntries(sums.map(({ key, present, expected }) => [key, present / expected]));
