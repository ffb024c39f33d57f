import type { GraphMetadata } from '@esper/leyline';
import { EdgeList, turned } from './edge-list.js';
import type { EdgeSources } from './edges.js';
import type { SeedCandidate } from './seed-candidates.js';

/** Which seeds may tune which parameters: seeds that may blend, and the parameters their allow-list leaves them. */
export function seedParameterEdges({ seeds, candidates, structure, attributeWidth }: EdgeSources) {
  const list = new EdgeList(attributeWidth, seeds.length * structure.parameters.length);
  for (const [seedRow, seed] of seeds.entries()) {
    if (!seed.blendAllowed) continue;
    const attributes = [1, 1, seed.stageFraction] as const;
    for (const [row, candidate] of candidates.entries()) {
      const own = structure.parameterRows[row] ?? [];
      const allows = allowList(candidate.descriptor.graph, { seed, seedRow });
      for (let index = 0; index < own.length; index += 1) {
        const parameter = own[index] as number;
        const name = structure.parameters[parameter]?.item.name;
        if (name === undefined || allows?.(name, index) === false) continue;
        list.add(seedRow, parameter, attributes);
      }
    }
  }
  const allowed = list.table();
  return { seed__allowed__parameter: allowed, parameter__associated__seed: turned(allowed) };
}

/** The list given for a seed's id wins over the one for its index. No list allows everything, an empty one nothing. */
function allowList(
  graph: GraphMetadata | undefined,
  { seed, seedRow }: { readonly seed: SeedCandidate; readonly seedRow: number },
): ((name: string, index: number) => boolean) | undefined {
  const byId = entryOf(graph?.allowedParametersBySeedId, seed.seedId);
  if (byId !== undefined) return (name) => byId.includes(name);
  const byIndex = entryOf(graph?.allowedParametersBySeedIndex, String(seedRow));
  return byIndex === undefined ? undefined : (_, index) => byIndex.includes(index);
}

const entryOf = <T>(table: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  table !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
