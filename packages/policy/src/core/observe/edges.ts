import type { EdgeTable, HeteroGraph } from '../graph/hetero-graph.js';
import { type NodeType, RELATION_KEYS, RELATIONS, type RelationKey } from '../graph/schema.js';
import type { BlueprintCandidate } from './blueprint-candidates.js';
import type { CoverageTally } from './coverage.js';
import { EdgeList, turned } from './edge-list.js';
import type { PreparedBlueprints } from './prepared-blueprints.js';
import type { SeedCandidate } from './seed-candidates.js';
import { monitorEdges, type SeedDepth } from './seed-monitors.js';
import { seedParameterEdges } from './seed-parameters.js';
import type { Structure } from './structure.js';

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
export function buildEdges(
  sources: EdgeSources,
  prepared: PreparedBlueprints,
  tally: CoverageTally,
): HeteroGraph['edges'] {
  const { seeds, candidates, structure } = sources;
  const edges = allRelations(sources, prepared, tally);
  for (const { type, kept, total } of prepared.edgesKept) tally.kept(type, kept, total);
  const rows: Readonly<Record<NodeType, number>> = {
    global: 1,
    seed: seeds.length,
    blueprint: candidates.length,
    parameter: structure.parameters.length,
    layer: structure.layers.length,
    activation: structure.activations.length,
  };
  tally.later(() => {
    for (let index = 0; index < RELATIONS.length; index += 1) {
      const key = RELATION_KEYS[index] as RelationKey;
      if (possible(RELATIONS[index] as Relation, rows)) tally.relation(COVERAGE_NAMES[key], edges[key].source.length);
    }
  });
  return edges;
}

/** Named one by one: an object that is put together from several is a slow one, and this one is read for every relation. */
function allRelations(
  sources: EdgeSources,
  { edges: fixed }: PreparedBlueprints,
  tally: CoverageTally,
): Readonly<Record<RelationKey, EdgeTable>> {
  const reports = seedEdges(sources);
  const tuning = seedParameterEdges(sources);
  const watches = monitorEdges(sources, tally);
  return {
    global__influences__seed: reports.global__influences__seed,
    seed__reports__global: reports.seed__reports__global,
    global__annotates__blueprint: fixed.global__annotates__blueprint,
    blueprint__monitored_by__global: fixed.blueprint__monitored_by__global,
    seed__peer__seed: peerChain(sources),
    global__operates__layer: fixed.global__operates__layer,
    layer__feedback__global: fixed.layer__feedback__global,
    layer__activates__activation: fixed.layer__activates__activation,
    activation__affects__layer: fixed.activation__affects__layer,
    activation__configures__parameter: fixed.activation__configures__parameter,
    parameter__modulates__activation: fixed.parameter__modulates__activation,
    seed__allowed__parameter: tuning.seed__allowed__parameter,
    parameter__associated__seed: tuning.parameter__associated__seed,
    blueprint__composes__layer: fixed.blueprint__composes__layer,
    layer__belongs_to__blueprint: fixed.layer__belongs_to__blueprint,
    blueprint__energizes__activation: fixed.blueprint__energizes__activation,
    parameter__targets__blueprint: fixed.parameter__targets__blueprint,
    layer__connects__layer: fixed.layer__connects__layer,
    seed__monitors__layer: watches.seed__monitors__layer,
    layer__monitored_by__seed: watches.layer__monitored_by__seed,
    layer__feeds__activation: fixed.layer__feeds__activation,
  };
}

type Relation = (typeof RELATIONS)[number];

/** Edges can be expected where both ends have rows; a chain of peers or layers needs two. */
const possible = ({ source, target }: Relation, rows: Readonly<Record<NodeType, number>>): boolean =>
  rows[source] > (source === target ? 1 : 0) && rows[target] > 0;

function peerChain({ seeds, attributeWidth }: EdgeSources): EdgeTable {
  const list = new EdgeList(attributeWidth, Math.max(0, seeds.length - 1));
  for (let index = 0; index + 1 < seeds.length; index++) list.add(index, index + 1, [0.5, 0, 0]);
  return list.table();
}

function seedEdges({ seeds, attributeWidth }: EdgeSources) {
  const list = new EdgeList(attributeWidth, seeds.length);
  for (const [row, seed] of seeds.entries()) list.add(0, row, [1, seed.stageFraction, seed.risk ?? 0]);
  const influences = list.table();
  return { global__influences__seed: influences, seed__reports__global: turned(influences) };
}
