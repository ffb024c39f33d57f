import { blake2sShort } from './blake2s.js';

/** The name tables of a recorded case; `null` where the prototype was given none. */
export type RecordedRegistries = Readonly<Record<string, readonly (readonly [string, number])[] | null>>;

const SIZES: Readonly<Record<string, number>> = { optimizer_family: 256, hazard_class: 256 };
const DEFAULT_SIZE = 1024;

/** The prototype's registries: an unknown name gets the next number at once. */
export class PrototypeRegistries {
  readonly #tables = new Map<string, Map<string, number> | undefined>();

  constructor(before: RecordedRegistries) {
    for (const [name, pairs] of Object.entries(before))
      this.#tables.set(name, pairs === null ? undefined : new Map(pairs));
  }

  has(name: string): boolean {
    return this.#tables.get(name) !== undefined;
  }

  /** Index of `key`, or `undefined` without such a registry. A full table falls back to a hash that no recording holds. */
  get(name: string, key: string): number | undefined {
    const table = this.#tables.get(name);
    if (table === undefined) return undefined;
    if (key === '') return 0;
    const known = table.get(key);
    if (known !== undefined) return known;
    const next = table.size + 1;
    if (next >= (SIZES[name] ?? DEFAULT_SIZE)) throw new RangeError(`registry ${name} is full`);
    table.set(key, next);
    return next;
  }

  /** A category as a feature: by registry, else by hash. */
  category(name: string, key: string, vocabulary: number): number {
    const index = this.get(name, key);
    return index === undefined ? hashCode(key) : index / Math.max(1, vocabulary);
  }

  entries(): RecordedRegistries {
    return Object.fromEntries(
      [...this.#tables].map(([name, table]) => [name, table === undefined ? null : [...table]]),
    );
  }
}

/** Lone surrogates are dropped; nothing gives 0. */
function hashCode(key: string): number {
  const bytes = new TextEncoder().encode(
    key.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, ''),
  );
  return bytes.length === 0 ? 0 : blake2sShort(bytes) / 0xffffffff;
}
