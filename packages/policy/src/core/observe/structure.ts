import type { GraphActivation, GraphLayer, Signal } from '@esper/leyline';
import type { BlueprintCandidate } from './blueprint-candidates.js';
import type { KeptNotes } from './coverage.js';
import type { ObserveLimits } from './observe-limits.js';

/** One node below the blueprints, with the candidates it belongs to. */
export interface StructureRow<Item> {
  readonly id: string;
  readonly item: Item;
  /** Row of the first candidate that lists it. */
  readonly owner: number;
  /** Bit `b` is set when candidate `b` lists it: edges join only nodes that one candidate lists together. */
  readonly owners: number;
  /** Place among all rows, capped or not, from 0. */
  readonly position: number;
  /** `position + 1` over the number of rows before the cap, in (0, 1]: a cap does not move the rows it keeps (P-D27). */
  readonly positionRatio: number;
}

/** A tunable parameter: its name is kept, never read back from its id (P-D29). */
export interface ParameterItem {
  readonly name: string;
  readonly min: Signal | undefined;
  readonly max: Signal | undefined;
  readonly span: Signal | undefined;
  readonly default: Signal | undefined;
}

/** What the candidates graft into. Layers and activations that several candidates list under one id are one node. */
export interface Structure {
  readonly layers: readonly StructureRow<GraphLayer>[];
  readonly layerTotal: number;
  readonly activations: readonly StructureRow<GraphActivation>[];
  readonly activationTotal: number;
  readonly parameters: readonly StructureRow<ParameterItem>[];
  /** Per candidate: its own layer index → row, or -1 when the cap has left it out. */
  readonly layerRows: readonly (readonly number[])[];
  /** Per candidate: its own parameter index → row, or -1. */
  readonly parameterRows: readonly (readonly number[])[];
  /** False when no candidate came with a structure at all. */
  readonly known: boolean;
}

export function structureOf(
  candidates: readonly BlueprintCandidate[],
  limits: ObserveLimits,
  tally: KeptNotes,
): Structure {
  const layers = merge(candidates, (candidate) =>
    (candidate.descriptor.graph?.layers ?? []).map((item) => ({ id: item.layerId, item })),
  );
  const activations = merge(candidates, (candidate) =>
    (candidate.descriptor.graph?.activations ?? []).map((item) => ({ id: item.activationId, item })),
  );
  const parameters = merge(candidates, (candidate) =>
    parameterItems(candidate).map((item) => ({ id: `${candidate.blueprintId}/${item.name}`, item })),
  );
  const keptLayers = cap(layers, { type: 'layer', max: limits.layersMax }, tally);
  const keptParameters = cap(parameters, { type: 'parameter', max: limits.parametersMax }, tally);
  return {
    layers: keptLayers.rows,
    layerTotal: layers.entries.length,
    activations: cap(activations, { type: 'activation', max: limits.activationsMax }, tally).rows,
    activationTotal: activations.entries.length,
    parameters: keptParameters.rows,
    layerRows: keptLayers.rowsOf,
    parameterRows: keptParameters.rowsOf,
    known: candidates.some((candidate) => candidate.descriptor.graph !== undefined),
  };
}

interface Merged<Item> {
  readonly entries: readonly Entry<Item>[];
  /** Per candidate: its own index → merged index. */
  readonly indexOf: readonly (readonly number[])[];
}

interface Entry<Item> {
  readonly id: string;
  readonly item: Item;
  readonly owner: number;
  owners: number;
}

/** In candidate order, then list order: the first candidate's list keeps its indices. */
function merge<Item>(
  candidates: readonly BlueprintCandidate[],
  list: (candidate: BlueprintCandidate) => readonly { readonly id: string; readonly item: Item }[],
): Merged<Item> {
  const entries: Entry<Item>[] = [];
  const byId = new Map<string, number>();
  const indexOf: number[][] = [];
  for (const [owner, candidate] of candidates.entries()) {
    const own: number[] = [];
    for (const { id, item } of list(candidate)) {
      const known = byId.get(id);
      const index = known ?? entries.length;
      if (known === undefined) {
        entries.push({ id, item, owner, owners: 1 << owner });
        byId.set(id, index);
      } else (entries[known] as Entry<Item>).owners |= 1 << owner;
      own.push(index);
    }
    indexOf.push(own);
  }
  return { entries, indexOf };
}

function cap<Item>(
  merged: Merged<Item>,
  { type, max }: { readonly type: string; readonly max: number },
  tally: KeptNotes,
): { rows: StructureRow<Item>[]; rowsOf: number[][] } {
  const total = merged.entries.length;
  const rows: StructureRow<Item>[] = [];
  for (const { id, item, owner, owners } of merged.entries.slice(0, max)) {
    const position = rows.length;
    rows.push({ id, item, owner, owners, position, positionRatio: (position + 1) / total });
  }
  tally.kept(type, rows.length, total);
  return { rows, rowsOf: merged.indexOf.map((own) => own.map((index) => (index < max ? index : -1))) };
}

/** The structure's own parameters, else the bounds of the catalogue. A span is computed, a default is never invented. */
function parameterItems({ descriptor }: BlueprintCandidate): readonly ParameterItem[] {
  const listed = descriptor.graph?.parameters ?? [];
  if (listed.length > 0) {
    return listed.map(({ name, min, max, span, default: preset }) => ({
      name,
      min,
      max,
      span: span ?? difference(min, max),
      default: preset,
    }));
  }
  return Object.entries(descriptor.allowedParameters).map(([name, { minValue, maxValue }]) => ({
    name,
    min: minValue,
    max: maxValue,
    span: difference(minValue, maxValue),
    default: undefined,
  }));
}

const difference = (min: Signal | undefined, max: Signal | undefined): number | undefined =>
  typeof min === 'number' && typeof max === 'number' && Number.isFinite(max - min) ? max - min : undefined;
