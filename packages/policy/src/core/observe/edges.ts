import type { EdgeTable, HeteroGraph } from '../graph/hetero-graph.js';
import { type NodeType, RELATIONS, type RelationKey, relationKey } from '../graph/schema.js';
import type { BlueprintCandidate } from './blueprint-candidates.js';
import type { CoverageTally } from './coverage.js';
import { EdgeList } from './edge-list.js';
import type { SeedCandidate } from './seed-candidates.js';
import { monitorEdges, type SeedDepth } from './seed-monitors.js';
import { seedParameterEdges } from './seed-parameters.js';
import type { Structure, StructureRow } from './structure.js';

/** Everything edges are made from. */
export interface EdgeSources {
  readonly seeds: readonly SeedCandidate[];
  readonly depths: readonly SeedDepth[];
  readonly candidates: readonly BlueprintCandidate[];
  readonly structure: Structure;
}

/** What a relation is called in the coverage. */
const COVERAGE_NAMES: Readonly<Record<RelationKey, string>> = {
  global__influences__seed: 'global_influences',
  seed__reports__global: 'seed_reports',
  global__annotates__blueprint: 'global_annotates',
  blueprint__monitored_by__global: 'blueprint_monitored_by',
  seed__peer__seed: 'seed_peer',
  global__operates__layer: 'global_operates',
  layer__feedback__global: 'layer_feedback',
  layer__activates__activation: 'layer_activates',
  activation__affects__layer: 'activation_affects',
  activation__configures__parameter: 'activation_configures',
  parameter__modulates__activation: 'parameter_modulates',
  seed__allowed__parameter: 'seed_param_allowed',
  parameter__associated__seed: 'parameter_associated',
  blueprint__composes__layer: 'blueprint_composes',
  layer__belongs_to__blueprint: 'layer_belongs_to',
  blueprint__energizes__activation: 'blueprint_energizes',
  parameter__targets__blueprint: 'parameter_targets',
  layer__connects__layer: 'layer_connects',
  seed__monitors__layer: 'seed_monitors',
  layer__monitored_by__seed: 'layer_monitored_by',
  layer__feeds__activation: 'layer_feeds',
};

/** All 21 relations, always: one without edges is an empty table, never a missing one. */
export function buildEdges(sources: EdgeSources, attributeWidth: number, tally: CoverageTally): HeteroGraph['edges'] {
  const { seeds, candidates, structure } = sources;
  const lists: Readonly<Record<RelationKey, EdgeList>> = {
    ...globalEdges(sources),
    ...structureEdges(structure),
    ...blueprintEdges(sources),
    ...seedParameterEdges(sources),
    ...monitorEdges(sources, tally),
    seed__peer__seed: chain(seeds.length, () => [0.5, 0, 0]),
    layer__connects__layer: connectEdges(candidates, structure, tally),
  };
  const rows: Readonly<Record<NodeType, number>> = {
    global: 1,
    seed: seeds.length,
    blueprint: candidates.length,
    parameter: structure.parameters.length,
    layer: structure.layers.length,
    activation: structure.activations.length,
  };
  const edges: Partial<Record<RelationKey, EdgeTable>> = {};
  for (const relation of RELATIONS) {
    const key = relationKey(relation);
    edges[key] = lists[key].table(attributeWidth);
    if (possible(relation, rows)) tally.relation(COVERAGE_NAMES[key], lists[key].length);
  }
  return edges;
}

/** Edges can be expected where both ends have rows; a chain of peers or layers needs two. */
const possible = ({ source, target }: (typeof RELATIONS)[number], rows: Readonly<Record<NodeType, number>>): boolean =>
  rows[source] > (source === target ? 1 : 0) && rows[target] > 0;

function chain(length: number, attributes: (index: number) => readonly [number, number, number]): EdgeList {
  const list = new EdgeList();
  for (let index = 0; index + 1 < length; index++) list.add(index, index + 1, attributes(index));
  return list;
}

function globalEdges({ seeds, candidates, structure }: EdgeSources) {
  const influences = new EdgeList();
  for (const [row, seed] of seeds.entries()) influences.add(0, row, [1, seed.stageFraction, seed.risk ?? 0]);
  const annotates = new EdgeList();
  for (const [row, candidate] of candidates.entries())
    annotates.add(0, row, [1, candidate.stageFraction, riskOf(candidate)]);
  const operates = new EdgeList();
  for (const [row, layer] of structure.layers.entries()) {
    operates.add(0, row, [1, layer.positionRatio, riskOf(candidates[layer.owner])]);
  }
  return {
    global__influences__seed: influences,
    seed__reports__global: influences.reversed(),
    global__annotates__blueprint: annotates,
    blueprint__monitored_by__global: annotates.reversed(),
    global__operates__layer: operates,
    layer__feedback__global: operates.reversed(),
  };
}

/** Unknown risk reads as the worst on an edge, where no mask could say that it is unknown. */
const riskOf = (candidate: BlueprintCandidate | undefined): number => candidate?.risk ?? 1;

/** Joins every pair of rows that at least one candidate lists together. */
function bipartite<A, B>(sources: readonly StructureRow<A>[], targets: readonly StructureRow<B>[]): EdgeList {
  const list = new EdgeList();
  for (const [source, from] of sources.entries()) {
    for (const [target, to] of targets.entries()) {
      if ((from.owners & to.owners) !== 0) list.add(source, target, [from.positionRatio, to.positionRatio, 1]);
    }
  }
  return list;
}

function structureEdges({ layers, activations, parameters }: Structure) {
  const activates = bipartite(layers, activations);
  const configures = bipartite(activations, parameters);
  return {
    layer__activates__activation: activates,
    activation__affects__layer: activates.reversed(),
    layer__feeds__activation: activates,
    activation__configures__parameter: configures,
    parameter__modulates__activation: configures.reversed(),
  };
}

function blueprintEdges({ candidates, structure }: EdgeSources) {
  const composes = new EdgeList();
  const energizes = new EdgeList();
  const targets = new EdgeList();
  for (const [row, candidate] of candidates.entries()) {
    const risk = riskOf(candidate);
    owned(structure.layers, row, (index, ratio) => composes.add(row, index, [risk, ratio, 1]));
    owned(structure.activations, row, (index, ratio) => energizes.add(row, index, [risk, ratio, 1]));
    owned(structure.parameters, row, (index, ratio) => targets.add(index, row, [ratio, risk, 1]));
  }
  return {
    blueprint__composes__layer: composes,
    layer__belongs_to__blueprint: composes.reversed(),
    blueprint__energizes__activation: energizes,
    parameter__targets__blueprint: targets,
  };
}

function owned(
  rows: readonly StructureRow<unknown>[],
  owner: number,
  visit: (index: number, positionRatio: number) => void,
): void {
  for (const [index, row] of rows.entries()) if ((row.owners & (1 << owner)) !== 0) visit(index, row.positionRatio);
}

/** Listed pairs, as they are; without any list, the order of the layers. Pairs a cap has cut are counted, once each. */
function connectEdges(candidates: readonly BlueprintCandidate[], structure: Structure, tally: CoverageTally): EdgeList {
  const list = new EdgeList();
  const seen = new Set<number>();
  let total = 0;
  for (const [row, candidate] of candidates.entries()) {
    const own = structure.layerRows[row] ?? [];
    const pairs =
      candidate.descriptor.graph?.layerAdjacency ?? own.slice(1).map((_, index) => [index, index + 1] as const);
    for (const [from, to] of pairs) {
      const [source, target] = [own[from] ?? -1, own[to] ?? -1];
      const cell = source * 4096 + target;
      if (source >= 0 && target >= 0 && seen.has(cell)) continue;
      total += 1;
      if (source < 0 || target < 0) continue;
      seen.add(cell);
      list.add(source, target, [ratioOf(structure, source), ratioOf(structure, target), riskOf(candidate)]);
    }
  }
  tally.kept('layer_connects', list.length, total);
  return list;
}

const ratioOf = (structure: Structure, row: number): number => structure.layers[row]?.positionRatio ?? 0;
