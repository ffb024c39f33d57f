import type { GraphBuilderCase } from './graph-builder-case.js';
import { isMapping, type Mapping } from './python-values.js';

/** More integer-like keys than this in one mapping are not permuted: the recordings have two. */
const KEYS_MAX = 4;

/**
 * A parsed object has its integer-like keys in numeric order, whatever the text said, while the prototype kept theirs. The
 * line in every order that the text may have had, the parsed one first.
 */
export function keyOrders(line: GraphBuilderCase): readonly GraphBuilderCase[] {
  const variants: GraphBuilderCase[] = [line];
  for (const [id, metadata] of Object.entries(line.metadata)) {
    if (!isMapping(metadata) || !isMapping(metadata['allowed_parameters'])) continue;
    const allowed = Object.entries(metadata['allowed_parameters']);
    const free = allowed.filter(([key]) => /^(0|[1-9]\d*)$/.test(key)).length;
    if (free === 0 || free > KEYS_MAX || allowed.length > KEYS_MAX) continue;
    for (const order of permutations(allowed)) {
      variants.push({
        ...line,
        metadata: { ...line.metadata, [id]: { ...metadata, allowed_parameters: listed(order) } },
      });
    }
  }
  return variants;
}

const listed = (entries: readonly (readonly [string, unknown])[]): Mapping => ({
  $order: entries.map(([name, bounds]) => ({ name, bounds })),
});

/** The entries of a mapping in the order it stands for. */
export function orderedEntries(mapping: Mapping): readonly (readonly [string, unknown])[] {
  const order = mapping['$order'];
  if (!Array.isArray(order)) return Object.entries(mapping);
  return (order as { name: string; bounds: unknown }[]).map(({ name, bounds }) => [name, bounds] as const);
}

function permutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length <= 1) return [items];
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
  );
}
