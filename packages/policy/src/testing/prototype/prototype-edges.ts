import { allowedPairs } from './prototype-allowed.js';
import { graphOf, type PrototypeBuild } from './prototype-build.js';
import { type ModelEdges, type ModelRelations, noEdges, turned } from './prototype-graph.js';
import { monitorPairs } from './prototype-monitors.js';
import { isMapping, toFloatOrZero, toInt } from './python-values.js';

/** The prototype's edges, all relations, and the coverage keys it has for them. */
export function buildRelations(build: PrototypeBuild): ModelRelations {
  const { nodes, capabilities, metadata, coverage } = build;
  const [layers, activations, parameters] = [
    nodes.layer.ids.length,
    nodes.activation.ids.length,
    nodes.parameter.ids.length,
  ];
  const risk = toFloatOrZero(metadata['risk']);
  const edges = noEdges();
  edges.global__influences__seed = star(capabilities.length, (i) => [
    1,
    capabilities[i]?.stage ?? 0,
    capabilities[i]?.risk ?? 0,
  ]);
  edges.global__annotates__blueprint = star(1, () => [1, toFloatOrZero(metadata['stage']), risk]);
  edges.seed__peer__seed = chain(capabilities.length, () => [0.5, 0, 0]);
  edges.global__operates__layer = star(layers, (i) => [1, ratio(i, layers), risk]);
  edges.layer__activates__activation = grid(layers, activations);
  edges.activation__configures__parameter = grid(activations, parameters);
  edges.seed__allowed__parameter = allowedPairs(build);
  edges.blueprint__composes__layer = star(layers, (i) => [risk, ratio(i, layers), 1]);
  edges.blueprint__energizes__activation = star(activations, (i) => [risk, ratio(i, activations), 1]);
  edges.parameter__targets__blueprint = turned(star(parameters, (i) => [ratio(i, parameters), risk, 1]));
  edges.layer__connects__layer = connects(build, { layers, risk });
  edges.seed__monitors__layer = monitorPairs(build, layers);
  edges.layer__feeds__activation = edges.layer__activates__activation;
  edges.seed__reports__global = turned(edges.global__influences__seed);
  edges.blueprint__monitored_by__global = turned(edges.global__annotates__blueprint);
  edges.layer__feedback__global = turned(edges.global__operates__layer);
  edges.activation__affects__layer = turned(edges.layer__activates__activation);
  edges.parameter__modulates__activation = turned(edges.activation__configures__parameter);
  edges.parameter__associated__seed = turned(edges.seed__allowed__parameter);
  edges.layer__belongs_to__blueprint = turned(edges.blueprint__composes__layer);
  edges.layer__monitored_by__seed = turned(edges.seed__monitors__layer);
  for (const [key, relation] of OBSERVED) coverage.observe(`edges.${key}`, edges[relation].pairs.length > 0);
  return edges;
}

const OBSERVED = [
  ['global_influences', 'global__influences__seed'],
  ['seed_reports', 'seed__reports__global'],
  ['global_operates', 'global__operates__layer'],
  ['layer_feedback', 'layer__feedback__global'],
  ['layer_activates', 'layer__activates__activation'],
  ['activation_configures', 'activation__configures__parameter'],
  ['parameter_modulates', 'parameter__modulates__activation'],
  ['seed_param_allowed', 'seed__allowed__parameter'],
  ['blueprint_composes', 'blueprint__composes__layer'],
  ['parameter_targets', 'parameter__targets__blueprint'],
  ['layer_connects', 'layer__connects__layer'],
  ['seed_monitors', 'seed__monitors__layer'],
  ['layer_feeds', 'layer__feeds__activation'],
] as const;

/** Place of a row among the rows that the caps have kept. */
export const ratio = (index: number, count: number): number => (index + 1) / Math.max(1, count);

const star = (count: number, attributes: (index: number) => readonly number[]): ModelEdges => ({
  pairs: Array.from({ length: count }, (_, index) => [0, index] as const),
  attributes: Array.from({ length: count }, (_, index) => attributes(index)),
});

const chain = (count: number, attributes: (index: number) => readonly number[]): ModelEdges => ({
  pairs: Array.from({ length: Math.max(0, count - 1) }, (_, index) => [index, index + 1] as const),
  attributes: Array.from({ length: Math.max(0, count - 1) }, (_, index) => attributes(index)),
});

function grid(sources: number, targets: number): ModelEdges {
  const edges: ModelEdges = { pairs: [], attributes: [] };
  for (let source = 0; source < sources; source++) {
    for (let target = 0; target < targets; target++) {
      edges.pairs.push([source, target]);
      edges.attributes.push([ratio(source, sources), ratio(target, targets), 1]);
    }
  }
  return edges;
}

/** Listed pairs within the cap; when none survives, the order of the layers. */
function connects(
  build: PrototypeBuild,
  { layers, risk }: { readonly layers: number; readonly risk: number },
): ModelEdges {
  const adjacency = graphOf(build)['adjacency'];
  const listed = isMapping(adjacency) ? adjacency['layer'] : adjacency;
  const pairs = (Array.isArray(listed) ? listed : [])
    .flatMap(pairOf)
    .filter((pair) => pair.every((end) => end >= 0 && end < layers));
  const attributes = (source: number, target: number) => [ratio(source, layers), ratio(target, layers), risk];
  if (pairs.length === 0) return chain(layers, (index) => attributes(index, index + 1));
  return { pairs, attributes: pairs.map(([source, target]) => attributes(source, target)) };
}

const pairOf = (pair: unknown): readonly (readonly [number, number])[] =>
  Array.isArray(pair) && pair.length >= 2 ? [[toInt(pair[0]), toInt(pair[1])]] : [];
