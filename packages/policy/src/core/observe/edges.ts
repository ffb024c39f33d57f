import type { EdgeTable, HeteroGraph } from '../graph/hetero-graph.js';
import { type NodeType, RELATION_KEYS, RELATIONS, type RelationKey } from '../graph/schema.js';
import type { BlueprintCandidate } from './blueprint-candidates.js';
import type { CoverageTally } from './coverage.js';
import { EdgeList, turned } from './edge-list.js';
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
  readonly attributeWidth: number;
}

/** What a relation is called in the coverage. */
const COVERAGE_NAMES: Readonly<Record<RelationKey, string>> = {
  global__influences__seed: 'edges.global_influences',
  seed__reports__global: 'edges.seed_reports',
  global__annotates__blueprint: 'edges.global_annotates',
  blueprint__monitored_by__global: 'edges.blueprint_monitored_by',
  seed__peer__seed: 'edges.seed_peer',
  global__operates__layer: 'edges.global_operates',
  layer__feedback__global: 'edges.layer_feedback',
  layer__activates__activation: 'edges.layer_activates',
  activation__affects__layer: 'edges.activation_affects',
  activation__configures__parameter: 'edges.activation_configures',
  parameter__modulates__activation: 'edges.parameter_modulates',
  seed__allowed__parameter: 'edges.seed_param_allowed',
  parameter__associated__seed: 'edges.parameter_associated',
  blueprint__composes__layer: 'edges.blueprint_composes',
  layer__belongs_to__blueprint: 'edges.layer_belongs_to',
  blueprint__energizes__activation: 'edges.blueprint_energizes',
  parameter__targets__blueprint: 'edges.parameter_targets',
  layer__connects__layer: 'edges.layer_connects',
  seed__monitors__layer: 'edges.seed_monitors',
  layer__monitored_by__seed: 'edges.layer_monitored_by',
  layer__feeds__activation: 'edges.layer_feeds',
};

/** All 21 relations, always: one without edges is an empty table, never a missing one. */
export function buildEdges(sources: EdgeSources, tally: CoverageTally): HeteroGraph['edges'] {
  const { seeds, candidates, structure } = sources;
  const edges: Readonly<Record<RelationKey, EdgeTable>> = Object.assign(
    globalEdges(sources),
    structureEdges(sources),
    blueprintEdges(sources),
    seedParameterEdges(sources),
    monitorEdges(sources, tally),
    { seed__peer__seed: peerChain(sources), layer__connects__layer: connectEdges(sources, tally) },
  );
  const rows: Readonly<Record<NodeType, number>> = {
    global: 1,
    seed: seeds.length,
    blueprint: candidates.length,
    parameter: structure.parameters.length,
    layer: structure.layers.length,
    activation: structure.activations.length,
  };
  for (const [index, relation] of RELATIONS.entries()) {
    const key = RELATION_KEYS[index] as RelationKey;
    if (possible(relation, rows)) tally.relation(COVERAGE_NAMES[key], edges[key].source.length);
  }
  return edges;
}

/** Edges can be expected where both ends have rows; a chain of peers or layers needs two. */
const possible = ({ source, target }: (typeof RELATIONS)[number], rows: Readonly<Record<NodeType, number>>): boolean =>
  rows[source] > (source === target ? 1 : 0) && rows[target] > 0;

function peerChain({ seeds, attributeWidth }: EdgeSources): EdgeTable {
  const list = new EdgeList(attributeWidth, seeds.length);
  for (let index = 0; index + 1 < seeds.length; index++) list.add(index, index + 1, [0.5, 0, 0]);
  return list.table();
}

function globalEdges({ seeds, candidates, structure, attributeWidth }: EdgeSources) {
  const toSeeds = new EdgeList(attributeWidth, seeds.length);
  for (const [row, seed] of seeds.entries()) toSeeds.add(0, row, [1, seed.stageFraction, seed.risk ?? 0]);
  const toBlueprints = new EdgeList(attributeWidth, candidates.length);
  for (const [row, candidate] of candidates.entries()) {
    toBlueprints.add(0, row, [1, candidate.stageFraction, riskOf(candidate)]);
  }
  const toLayers = new EdgeList(attributeWidth, structure.layers.length);
  for (const [row, layer] of structure.layers.entries()) {
    toLayers.add(0, row, [1, layer.positionRatio, riskOf(candidates[layer.owner])]);
  }
  const [influences, annotates, operates] = [toSeeds.table(), toBlueprints.table(), toLayers.table()];
  return {
    global__influences__seed: influences,
    seed__reports__global: turned(influences),
    global__annotates__blueprint: annotates,
    blueprint__monitored_by__global: turned(annotates),
    global__operates__layer: operates,
    layer__feedback__global: turned(operates),
  };
}

/** Unknown risk reads as the worst on an edge, where no mask could say that it is unknown. */
const riskOf = (candidate: BlueprintCandidate | undefined): number => candidate?.risk ?? 1;

/** Joins every pair of rows that at least one candidate lists together. */
function bipartite(
  sources: readonly StructureRow<unknown>[],
  targets: readonly StructureRow<unknown>[],
  attributeWidth: number,
): EdgeTable {
  const list = new EdgeList(attributeWidth, sources.length * targets.length);
  for (const [source, from] of sources.entries()) {
    for (const [target, to] of targets.entries()) {
      if ((from.owners & to.owners) !== 0) list.add(source, target, [from.positionRatio, to.positionRatio, 1]);
    }
  }
  return list.table();
}

function structureEdges({ structure: { layers, activations, parameters }, attributeWidth }: EdgeSources) {
  const activates = bipartite(layers, activations, attributeWidth);
  const configures = bipartite(activations, parameters, attributeWidth);
  return {
    layer__activates__activation: activates,
    activation__affects__layer: turned(activates),
    layer__feeds__activation: activates,
    activation__configures__parameter: configures,
    parameter__modulates__activation: turned(configures),
  };
}

function blueprintEdges({ candidates, structure, attributeWidth }: EdgeSources) {
  const most = candidates.length;
  const toLayers = new EdgeList(attributeWidth, most * structure.layers.length);
  const toActivations = new EdgeList(attributeWidth, most * structure.activations.length);
  const fromParameters = new EdgeList(attributeWidth, most * structure.parameters.length);
  for (const [row, candidate] of candidates.entries()) {
    const risk = riskOf(candidate);
    owned(structure.layers, row, (index, ratio) => toLayers.add(row, index, [risk, ratio, 1]));
    owned(structure.activations, row, (index, ratio) => toActivations.add(row, index, [risk, ratio, 1]));
    owned(structure.parameters, row, (index, ratio) => fromParameters.add(index, row, [ratio, risk, 1]));
  }
  const composes = toLayers.table();
  return {
    blueprint__composes__layer: composes,
    layer__belongs_to__blueprint: turned(composes),
    blueprint__energizes__activation: toActivations.table(),
    parameter__targets__blueprint: fromParameters.table(),
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
function connectEdges({ candidates, structure, attributeWidth }: EdgeSources, tally: CoverageTally): EdgeTable {
  const list = new EdgeList(attributeWidth, structure.layers.length);
  const seen = new Set<number>();
  let cut = 0;
  for (const [row, candidate] of candidates.entries()) {
    for (const [source, target] of layerPairs(candidate, structure.layerRows[row] ?? [])) {
      const cell = source * CELL_STRIDE + target;
      if (source < 0 || target < 0) cut += 1;
      else if (!seen.has(cell)) {
        seen.add(cell);
        list.add(source, target, [ratioOf(structure, source), ratioOf(structure, target), riskOf(candidate)]);
      }
    }
  }
  tally.kept('layer_connects', list.length, list.length + cut);
  return list.table();
}

/** Pairs of rows; -1 for a layer that a cap has left out. */
function layerPairs(candidate: BlueprintCandidate, rows: readonly number[]): readonly (readonly [number, number])[] {
  const pairs = candidate.descriptor.graph?.layerAdjacency ?? chainOf(rows.length);
  return pairs.map(([from, to]) => [rows[from] ?? -1, rows[to] ?? -1] as const);
}

/** More than any number of rows, so that a pair of rows is one number. */
const CELL_STRIDE = 4096;

const chainOf = (length: number): readonly (readonly [number, number])[] =>
  Array.from({ length: Math.max(0, length - 1) }, (_, index) => [index, index + 1] as const);

const ratioOf = (structure: Structure, row: number): number => structure.layers[row]?.positionRatio ?? 0;
