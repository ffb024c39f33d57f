import { type Capability, graphOf, type PrototypeBuild } from './prototype-build.js';
import { ratio } from './prototype-edges.js';
import type { ModelEdges } from './prototype-graph.js';
import { isMapping, isTruthy, type Mapping, PythonRaise, toFloat, toInt, tryInt } from './python-values.js';

interface Watch {
  readonly seed: number;
  readonly layer: number;
  readonly weight?: number;
}

/** Listed watches; without any, each seed watches the layer of its depth, moved into the range of the cap. */
export function monitorPairs(build: PrototypeBuild, layers: number): ModelEdges {
  const edges: ModelEdges = { pairs: [], attributes: [] };
  const { capabilities } = build;
  const monitors = graphOf(build)['monitors'];
  const block = isMapping(monitors) ? monitors : {};
  if (capabilities.length === 0) return edges;
  const listed = [
    ...triples(build, layers),
    ...bySeedId(build, { block, layers }),
    ...bySeedIndex(build, { block, layers }),
  ];
  const watches =
    listed.length > 0
      ? listed
      : capabilities.map((capability, seed) => ({
          seed,
          layer: Math.min(layers - 1, Math.max(0, capability.layer_depth)),
        }));
  const passes = threshold(block);
  for (const { seed, layer, weight } of watches as readonly Watch[]) {
    const capability = capabilities[seed] as Capability;
    if (!passes(capability)) continue;
    edges.pairs.push([seed, layer]);
    edges.attributes.push([capability.stage, capability.risk, weight ?? ratio(layer, layers)]);
  }
  return edges;
}

function triples(build: PrototypeBuild, layers: number): readonly Watch[] {
  const listed = graphOf(build)['monitored_layers'];
  const watches: Watch[] = [];
  for (const entry of Array.isArray(listed) ? listed : []) {
    if (!Array.isArray(entry) || entry.length < 2) continue;
    const [seed, layer] = [toInt(entry[0]), toInt(entry[1])];
    const weight = entry.length >= 3 ? { weight: toFloat(entry[2]) } : {};
    const inside = seed >= 0 && seed < build.capabilities.length && layer >= 0 && layer < layers;
    if (inside) watches.push({ seed, layer, ...weight });
  }
  return watches;
}

interface Block {
  readonly block: Mapping;
  readonly layers: number;
}

function bySeedId(build: PrototypeBuild, { block, layers }: Block): readonly Watch[] {
  const table = block['by_seed_id'];
  return Object.entries(isMapping(table) ? table : {}).flatMap(([seedId, list]) => {
    const seed = build.nodes.seed.ids.indexOf(seedId);
    return seed < 0 ? [] : watchesOf(seed, list, layers);
  });
}

function bySeedIndex(build: PrototypeBuild, { block, layers }: Block): readonly Watch[] {
  const table = block['by_seed_index'];
  return Object.entries(isMapping(table) ? table : {}).flatMap(([key, list]) => {
    const seed = tryInt(key);
    const inside = seed !== undefined && seed >= 0 && seed < build.capabilities.length;
    return inside ? watchesOf(seed, list, layers) : [];
  });
}

const watchesOf = (seed: number, list: unknown, layers: number): readonly Watch[] =>
  (Array.isArray(list) ? list : []).flatMap((entry: unknown) => {
    const layer = tryInt(entry);
    return layer !== undefined && layer >= 0 && layer < layers ? [{ seed, layer }] : [];
  });

/** Limits that are no numbers are not applied. */
function threshold(block: Mapping): (capability: Capability) => boolean {
  const table = isTruthy(block['thresholds']) ? block['thresholds'] : block['monitors_thresholds'];
  const limits = isMapping(table) ? table : {};
  const limit = (key: string): number | undefined => {
    if (!Object.hasOwn(limits, key)) return undefined;
    try {
      return toFloat(limits[key]);
    } catch (error) {
      if (error instanceof PythonRaise) return undefined;
      throw error;
    }
  };
  const [riskMax, stageMin] = [limit('risk_max'), limit('stage_min')];
  return ({ risk, stage }) =>
    !(riskMax !== undefined && risk > riskMax) && !(stageMin !== undefined && stage < stageMin);
}
