import type { EdgeTable } from '../graph/hetero-graph.js';
import type { BlueprintCandidate } from './blueprint-candidates.js';
import type { KeptNotes } from './coverage.js';
import { EdgeList, turned } from './edge-list.js';
import type { Structure, StructureRow } from './structure.js';

/** What edges between candidates and their structure are made from. No seed and no measurement is among it. */
export interface BlueprintEdgeSources {
  readonly candidates: readonly BlueprintCandidate[];
  readonly structure: Structure;
  readonly attributeWidth: number;
}

/** The relations that depend on the candidates alone. */
export type BlueprintEdges = ReturnType<typeof buildBlueprintEdges>;

/** Pairs of layers that a cap has cut are noted. */
export function buildBlueprintEdges(sources: BlueprintEdgeSources, notes: KeptNotes) {
  return {
    ...globalEdges(sources),
    ...structureEdges(sources),
    ...ownedEdges(sources),
    layer__connects__layer: connectEdges(sources, notes),
  };
}

function globalEdges({ candidates, structure, attributeWidth }: BlueprintEdgeSources) {
  const toBlueprints = new EdgeList(attributeWidth, candidates.length);
  for (const [row, candidate] of candidates.entries()) {
    toBlueprints.add(0, row, [1, candidate.stageFraction, riskOf(candidate)]);
  }
  const toLayers = new EdgeList(attributeWidth, structure.layers.length);
  for (const [row, layer] of structure.layers.entries()) {
    toLayers.add(0, row, [1, layer.positionRatio, riskOf(candidates[layer.owner])]);
  }
  const [annotates, operates] = [toBlueprints.table(), toLayers.table()];
  return {
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

function structureEdges({ structure: { layers, activations, parameters }, attributeWidth }: BlueprintEdgeSources) {
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

function ownedEdges({ candidates, structure, attributeWidth }: BlueprintEdgeSources) {
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
function connectEdges({ candidates, structure, attributeWidth }: BlueprintEdgeSources, notes: KeptNotes): EdgeTable {
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
  notes.kept('layer_connects', list.length, list.length + cut);
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
