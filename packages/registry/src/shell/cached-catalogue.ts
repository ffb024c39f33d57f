import type { BlueprintDescriptor } from '@esper/leyline';
import { elapsedMs, type MonoClock, type MonoMs } from '@esper/std';
import { RegistryError } from '../errors.js';

/** A blueprint library that is slow or far away. Rejects when it fails; the caller's deadline is the caller's. */
export interface BlueprintLibrary {
  lookup(blueprintId: string): Promise<BlueprintDescriptor | undefined>;
}

export interface CacheLimits {
  /** How long an answer is believed, in milliseconds. Default 300,000. */
  readonly ttlMs?: number;
  /** Answers kept. Default 1,024. At the bound: the one fetched longest ago goes. */
  readonly entriesMax?: number;
}

export interface CacheStats {
  readonly hits: number;
  readonly misses: number;
  /** Calls that joined a lookup under way. */
  readonly joined: number;
  readonly failures: number;
  readonly evictions: number;
}

/** Remembers answers of a library. */
export interface CachedCatalogue {
  /** `undefined`: the library has none of that id. Rejects with `CATALOGUE_FAILED`; failures are never remembered. */
  lookup(blueprintId: string): Promise<BlueprintDescriptor | undefined>;
  /** Forgets one answer, or all: for notices that the library has changed. A lookup under way is not remembered either. */
  invalidate(blueprintId?: string): void;
  stats(): CacheStats;
}

const TTL_MS = 300_000;
const ENTRIES_MAX = 1024;

/**
 * Puts a bounded memory before a library (BM-02, BM-03): one lookup per id at a time, whoever asks (BM-09), and answers
 * that expire. An expired answer is fetched anew, never served.
 */
export function cachedCatalogue(
  library: BlueprintLibrary,
  given: CacheLimits & { readonly clock: MonoClock },
): CachedCatalogue {
  const ttlMs = atLeast('ttlMs', given.ttlMs ?? TTL_MS, 0);
  const entriesMax = atLeast('entriesMax', given.entriesMax ?? ENTRIES_MAX, 1);
  return new Cache(library, { ttlMs, entriesMax, clock: given.clock });
}

interface Entry {
  readonly blueprint: BlueprintDescriptor | undefined;
  readonly fetchedAt: MonoMs;
}

class Cache implements CachedCatalogue {
  readonly #library: BlueprintLibrary;
  readonly #limits: Required<CacheLimits> & { readonly clock: MonoClock };
  /** In the order of fetching, so that the first is the oldest. */
  readonly #entries = new Map<string, Entry>();
  readonly #underWay = new Map<string, Promise<BlueprintDescriptor | undefined>>();
  #stats: CacheStats = { hits: 0, misses: 0, joined: 0, failures: 0, evictions: 0 };

  constructor(library: BlueprintLibrary, limits: Required<CacheLimits> & { readonly clock: MonoClock }) {
    this.#library = library;
    this.#limits = limits;
  }

  lookup(blueprintId: string): Promise<BlueprintDescriptor | undefined> {
    const known = this.#entries.get(blueprintId);
    if (known !== undefined && this.#isFresh(known)) {
      this.#count('hits');
      return Promise.resolve(known.blueprint);
    }
    const underWay = this.#underWay.get(blueprintId);
    if (underWay !== undefined) {
      this.#count('joined');
      return underWay;
    }
    this.#count('misses');
    const fetching = this.#fetch(blueprintId);
    this.#underWay.set(blueprintId, fetching);
    return fetching;
  }

  invalidate(blueprintId?: string): void {
    if (blueprintId === undefined) {
      this.#entries.clear();
      this.#underWay.clear();
    } else {
      this.#entries.delete(blueprintId);
      this.#underWay.delete(blueprintId);
    }
  }

  stats(): CacheStats {
    return this.#stats;
  }

  async #fetch(blueprintId: string): Promise<BlueprintDescriptor | undefined> {
    // One turn, so that `#underWay` holds this very promise before it can end.
    await Promise.resolve();
    const mine = this.#underWay.get(blueprintId);
    const isCurrent = (): boolean => mine !== undefined && this.#underWay.get(blueprintId) === mine;
    try {
      const blueprint = await this.#library.lookup(blueprintId);
      if (isCurrent()) this.#remember(blueprintId, { blueprint, fetchedAt: this.#limits.clock.monoMs() });
      return blueprint;
    } catch (cause) {
      this.#count('failures');
      throw new RegistryError('CATALOGUE_FAILED', `looking up ${JSON.stringify(blueprintId.slice(0, 64))} failed`, {
        cause,
      });
    } finally {
      if (isCurrent()) this.#underWay.delete(blueprintId);
    }
  }

  #remember(blueprintId: string, entry: Entry): void {
    this.#entries.delete(blueprintId);
    this.#entries.set(blueprintId, entry);
    if (this.#entries.size <= this.#limits.entriesMax) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
    this.#count('evictions');
  }

  #isFresh(entry: Entry): boolean {
    return elapsedMs(entry.fetchedAt, this.#limits.clock.monoMs()) < this.#limits.ttlMs;
  }

  #count(what: keyof CacheStats): void {
    this.#stats = { ...this.#stats, [what]: this.#stats[what] + 1 };
  }
}

function atLeast(name: string, value: number, min: number): number {
  if (!(value >= min)) throw new RangeError(`${name} must be at least ${min}, got ${value}`);
  return value;
}
