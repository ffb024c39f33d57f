import { graphOf, type PrototypeBuild } from './prototype-build.js';
import type { ModelEdges } from './prototype-graph.js';
import { isMapping, tryInt } from './python-values.js';

interface AllowLists {
  readonly byId: ReadonlyMap<string, ReadonlySet<number>>;
  readonly byIndex: ReadonlyMap<number, ReadonlySet<number>>;
}

/** Which seeds may tune which parameters. Also leaves one `allowed_param_<name>` per parameter in the seed's record. */
export function allowedPairs(build: PrototypeBuild): ModelEdges {
  const edges: ModelEdges = { pairs: [], attributes: [] };
  const { ids } = build.nodes.parameter;
  if (ids.length === 0) return edges;
  const names = ids.map((id) => id.slice(id.lastIndexOf('-') + 1));
  const lists = allowLists(build, names);
  for (const [index, capability] of build.capabilities.entries()) {
    if (capability.blend_allowed <= 0) continue;
    const seedId = build.nodes.seed.ids[index] as string;
    const allowed = lists.byId.get(seedId) ?? lists.byIndex.get(index) ?? new Set(names.keys());
    for (const [parameter, name] of names.entries()) {
      capability[`allowed_param_${name}`] = allowed.has(parameter) ? 1 : 0;
      if (!allowed.has(parameter)) continue;
      edges.pairs.push([index, parameter]);
      edges.attributes.push([capability.blend_allowed, 1, capability.stage]);
    }
  }
  return edges;
}

function allowLists(build: PrototypeBuild, names: readonly string[]): AllowLists {
  const capabilities = graphOf(build)['capabilities'];
  const block = isMapping(capabilities) ? capabilities : {};
  const inRange = (entry: unknown): readonly number[] => {
    const index = tryInt(entry);
    return index !== undefined && index >= 0 && index < names.length ? [index] : [];
  };
  const named = (entry: unknown): readonly number[] => {
    if (typeof entry !== 'string') return inRange(entry);
    const index = names.indexOf(entry);
    return index < 0 ? [] : [index];
  };
  const byId = new Map<string, ReadonlySet<number>>();
  for (const [seedId, entries] of entriesOf(block['allowed_parameters_by_seed_id'])) {
    byId.set(seedId, new Set(Array.isArray(entries) ? entries.flatMap(named) : []));
  }
  const byIndex = new Map<number, ReadonlySet<number>>();
  for (const [key, entries] of entriesOf(block['allowed_parameters_by_seed_index'])) {
    const index = tryInt(key);
    if (index !== undefined) byIndex.set(index, new Set(Array.isArray(entries) ? entries.flatMap(inRange) : []));
  }
  return { byId, byIndex };
}

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  isMapping(value) ? Object.entries(value) : [];
