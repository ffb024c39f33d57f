import type { Sha256 } from '../../ports.js';
import { asciiJsonString, compareCodePoints } from './ascii-json.js';
import type { NameTable } from './name-table.js';

/**
 * SHA-256, hex, over the compact JSON of `[name, index]` pairs sorted by name (RG-07). `firstCount` takes the entries up
 * to that index alone: what the table was when it had so many.
 */
export function tableDigest(table: NameTable, sha256: Sha256, firstCount = table.indexByName.size): string {
  const known = cache.get(table);
  if (known !== undefined && firstCount === table.indexByName.size) return known;
  const digest = entriesDigest([...table.indexByName].slice(0, firstCount), sha256);
  if (firstCount === table.indexByName.size) cache.set(table, digest);
  return digest;
}

/** Tables are immutable values: a digest is computed once for each. */
const cache = new WeakMap<NameTable, string>();

/** The same digest over any pairs, also those that make no table. */
export function entriesDigest(entries: readonly (readonly [string, number | bigint])[], sha256: Sha256): string {
  const sorted = [...entries].sort(([a], [b]) => compareCodePoints(a, b));
  const json = sorted.map(([name, index]) => `[${asciiJsonString(name)},${index}]`).join(',');
  return sha256(new TextEncoder().encode(`[${json}]`));
}
