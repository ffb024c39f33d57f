import type { BlueprintDescriptor } from '@esper/leyline';
import type { RelationKey } from '../../core/graph/schema.js';
import { mayBlend, parametersOf, riskOf } from './expected-wants.js';
import type { GraphDeviation } from './graph-deviations.js';
import { type ModelEdges, noEdges, turned } from './prototype-graph.js';
import type { RecordedPacket, RecordedSeed } from './recorded-packet.js';

/** One relation as it should be, and what may explain that it is not as recorded. */
export interface ExpectedRelation {
  readonly edges: ModelEdges;
  /** What may explain that other rows are joined than recorded. */
  readonly pairRules: readonly GraphDeviation[];
  /** What may explain that the same rows are joined with other attributes. */
  readonly attributeRules: readonly GraphDeviation[];
}

export interface ExpectedCaps {
  readonly layers: number;
  readonly activations: number;
  readonly parameters: number;
}

interface Scene {
  readonly packet: RecordedPacket;
  readonly entry: BlueprintDescriptor | undefined;
  readonly caps: ExpectedCaps;
}

type Attributes = readonly [number, number, number];

/** Rows of one family: how many there are, and how many the cap keeps. */
interface Family {
  readonly total: number;
  readonly kept: number;
}

const family = (total: number, cap: number): Family => ({ total, kept: Math.min(total, cap) });
const position = (index: number, { total }: Family): number => (index + 1) / total;

/** The edges of one packet with at most one catalogue entry. */
export function expectedRelations(scene: Scene): Readonly<Record<RelationKey, ExpectedRelation>> {
  const { packet, entry, caps } = scene;
  const layers = family(entry?.graph?.layers.length ?? 0, caps.layers);
  const activations = family(entry?.graph?.activations.length ?? 0, caps.activations);
  const parameters = family(entry === undefined ? 0 : parametersOf(entry).length, caps.parameters);
  const risk = entry === undefined ? 0 : (riskOf(entry) ?? 1);
  const stage = Math.min(1, Math.max(0, (entry?.stage ?? 0) / 10));
  const edges = noEdges();
  const seeds = packet.seeds;
  edges.global__influences__seed = list(
    seeds.length,
    (i) => [0, i],
    (i) => seedPair(seeds[i] as RecordedSeed, 1),
  );
  edges.global__annotates__blueprint = list(
    entry === undefined ? 0 : 1,
    () => [0, 0],
    () => [1, stage, risk],
  );
  edges.seed__peer__seed = list(
    Math.max(0, seeds.length - 1),
    (i) => [i, i + 1],
    () => [0.5, 0, 0],
  );
  edges.global__operates__layer = list(
    layers.kept,
    (i) => [0, i],
    (i) => [1, position(i, layers), risk],
  );
  edges.layer__activates__activation = grid(layers, activations);
  edges.activation__configures__parameter = grid(activations, parameters);
  edges.seed__allowed__parameter = allowed(scene, parameters);
  edges.blueprint__composes__layer = list(
    layers.kept,
    (i) => [0, i],
    (i) => [risk, position(i, layers), 1],
  );
  edges.blueprint__energizes__activation = list(
    activations.kept,
    (i) => [0, i],
    (i) => [risk, position(i, activations), 1],
  );
  edges.parameter__targets__blueprint = list(
    parameters.kept,
    (i) => [i, 0],
    (i) => [position(i, parameters), risk, 1],
  );
  edges.layer__connects__layer = connects(scene, { layers, risk });
  edges.seed__monitors__layer = monitors(scene, layers);
  edges.layer__feeds__activation = edges.layer__activates__activation;
  for (const [key, reverse] of REVERSES) edges[reverse] = turned(edges[key]);
  const absent = absenceRules(scene, [layers, activations, parameters]);
  const attributeRules = attributeRulesOf(scene, [layers, activations, parameters]);
  return Object.fromEntries(
    Object.entries(edges).map(([key, value]) => [
      key,
      { edges: value, pairRules: [...ownPairRules(scene, key as RelationKey), ...absent], attributeRules },
    ]),
  ) as unknown as Record<RelationKey, ExpectedRelation>;
}

const REVERSES = [
  ['global__influences__seed', 'seed__reports__global'],
  ['global__annotates__blueprint', 'blueprint__monitored_by__global'],
  ['global__operates__layer', 'layer__feedback__global'],
  ['layer__activates__activation', 'activation__affects__layer'],
  ['activation__configures__parameter', 'parameter__modulates__activation'],
  ['seed__allowed__parameter', 'parameter__associated__seed'],
  ['blueprint__composes__layer', 'layer__belongs_to__blueprint'],
  ['seed__monitors__layer', 'layer__monitored_by__seed'],
] as const satisfies readonly (readonly [RelationKey, RelationKey])[];

/** Relations whose edges are listed, or follow from what a seed reports. */
function ownPairRules({ packet }: Scene, key: RelationKey): readonly GraphDeviation[] {
  if (key === 'layer__connects__layer' || key === 'seed__monitors__layer' || key === 'layer__monitored_by__seed') {
    return ['DEV-GB-10'];
  }
  if (key !== 'seed__allowed__parameter' && key !== 'parameter__associated__seed') return [];
  const permitted = (seed: RecordedSeed) => (seed.metrics['blend_allowed'] ?? 0) > 0 || seed.stage >= 4;
  return packet.seeds.every((seed) => permitted(seed) === mayBlend(seed)) ? ['DEV-GB-06', 'DEV-GB-10'] : ['DEV-GB-06'];
}

/** Rows that the prototype makes up, and the edges to them. */
function absenceRules({ entry }: Scene, families: readonly Family[]): readonly GraphDeviation[] {
  if (entry === undefined) return ['DEV-GB-04'];
  if (families.some(({ total }) => total === 0)) return ['DEV-GB-03'];
  return families.some(({ kept }) => kept === 0) ? ['DEV-GB-09'] : [];
}

/** Clamped or rescaled numbers, and positions among rows that a cap has cut. */
function attributeRulesOf({ packet, entry }: Scene, families: readonly Family[]): readonly GraphDeviation[] {
  const clampedSeed = packet.seeds.some((seed) => (riskOfSeed(seed) ?? 0) !== seed.risk);
  const rescaled = entry !== undefined && (riskOf(entry) !== entry.risk || entry.stage !== 0);
  const capped = families.some(({ total, kept }) => kept < total);
  return [...(clampedSeed || rescaled ? (['DEV-GB-07'] as const) : []), ...(capped ? (['DEV-GB-09'] as const) : [])];
}

function list(
  count: number,
  pair: (i: number) => readonly [number, number],
  attributes: (i: number) => Attributes,
): ModelEdges {
  const edges: ModelEdges = { pairs: [], attributes: [] };
  for (let i = 0; i < count; i++) {
    edges.pairs.push(pair(i));
    edges.attributes.push(attributes(i));
  }
  return edges;
}

function grid(sources: Family, targets: Family): ModelEdges {
  return list(
    sources.kept * targets.kept,
    (i) => [Math.floor(i / targets.kept), i % targets.kept],
    (i) => [position(Math.floor(i / targets.kept), sources), position(i % targets.kept, targets), 1],
  );
}

const riskOfSeed = ({ json, risk }: RecordedSeed): number | undefined =>
  'riskScore' in json && Number.isFinite(risk) ? Math.min(1, Math.max(0, risk)) : undefined;
const seedPair = (seed: RecordedSeed, first: number): Attributes => [first, seed.stage / 11, riskOfSeed(seed) ?? 0];

function allowed({ packet, entry }: Scene, parameters: Family): ModelEdges {
  const edges: ModelEdges = { pairs: [], attributes: [] };
  const names = entry === undefined ? [] : parametersOf(entry).map(({ name }) => name);
  for (const [row, seed] of packet.seeds.entries()) {
    if (!mayBlend(seed)) continue;
    const byId = Object.entries(entry?.graph?.allowedParametersBySeedId ?? {}).find(([id]) => id === seed.seedId)?.[1];
    const byIndex = Object.entries(entry?.graph?.allowedParametersBySeedIndex ?? {}).find(
      ([key]) => key === String(row),
    )?.[1];
    for (let index = 0; index < parameters.kept; index++) {
      const listed = byId === undefined ? byIndex?.includes(index) : byId.includes(names[index] as string);
      if (listed === false) continue;
      edges.pairs.push([row, index]);
      edges.attributes.push([1, 1, seed.stage / 11]);
    }
  }
  return edges;
}

function connects({ entry }: Scene, { layers, risk }: { readonly layers: Family; readonly risk: number }): ModelEdges {
  const chain = Array.from({ length: Math.max(0, layers.total - 1) }, (_, i) => [i, i + 1] as const);
  const pairs = (entry?.graph?.layerAdjacency ?? chain).filter(([from, to]) => from < layers.kept && to < layers.kept);
  return {
    pairs: [...pairs],
    attributes: pairs.map(([from, to]) => [position(from, layers), position(to, layers), risk]),
  };
}

interface Watch {
  readonly seed: RecordedSeed;
  readonly row: number;
  readonly layerIndex: number;
  readonly weight?: number;
}

function monitors(scene: Scene, layers: Family): ModelEdges {
  const edges: ModelEdges = { pairs: [], attributes: [] };
  if (scene.entry === undefined) return edges;
  const limits = scene.entry.graph?.monitorThresholds ?? {};
  const done = new Set<string>();
  for (const { seed, row, layerIndex, weight } of watches(scene)) {
    const cell = `${row}/${layerIndex}`;
    if (layerIndex >= layers.kept || !passes(seed, limits) || done.has(cell)) continue;
    done.add(cell);
    edges.pairs.push([row, layerIndex]);
    edges.attributes.push([seed.stage / 11, riskOfSeed(seed) ?? 0, weight ?? position(layerIndex, layers)]);
  }
  return edges;
}

/** All listed watches, else one per reported depth. */
function watches({ packet, entry }: Scene): readonly Watch[] {
  const listed = entry?.graph?.monitors ?? [];
  return packet.seeds.flatMap((seed, row) => {
    if (listed.length === 0) return 'layerDepth' in seed.json ? [{ seed, row, layerIndex: seed.depth }] : [];
    const own = listed.filter(({ seedId, seedIndex }) =>
      seedId === undefined ? seedIndex === row : seedId === seed.seedId,
    );
    return own.map((watch) => ({ ...watch, seed, row }));
  });
}

function passes(
  seed: RecordedSeed,
  { riskMax, stageMin }: { readonly riskMax?: number; readonly stageMin?: number },
): boolean {
  const risk = riskOfSeed(seed) ?? Number.POSITIVE_INFINITY;
  return (riskMax === undefined || risk <= riskMax) && (stageMin === undefined || seed.stage / 11 >= stageMin);
}
