import type { BlueprintDescriptor } from '@esper/leyline';
import { type BlueprintCandidate, blueprintCandidates, type ExcludedBlueprint } from './blueprint-candidates.js';
import { type BlueprintEdges, buildBlueprintEdges } from './blueprint-edges.js';
import type { KeptNotes, Truncation } from './coverage.js';
import type { Feature } from './feature-column.js';
import type { ObserveLimits } from './observe-limits.js';
import { type PreparedTables, prepareTables } from './prepared-tables.js';
import { type SeedRow, seedFeatures } from './seed-nodes.js';
import { type Structure, structureOf } from './structure.js';

/** The part of a graph that follows from the blueprints and the limits alone: the same in every step while they are. */
export interface PreparedBlueprints {
  /** What it was made from, by identity. */
  readonly blueprints: readonly BlueprintDescriptor[];
  readonly limits: ObserveLimits;
  readonly candidates: readonly BlueprintCandidate[];
  readonly excluded: readonly ExcludedBlueprint[];
  readonly structure: Structure;
  readonly structureKept: readonly Truncation[];
  readonly tables: PreparedTables;
  readonly seedFeatures: readonly Feature<SeedRow>[];
  readonly edges: BlueprintEdges;
  readonly edgesKept: readonly Truncation[];
}

class KeptList implements KeptNotes {
  readonly list: Truncation[] = [];

  kept(type: string, kept: number, total: number): void {
    this.list.push({ type, kept, total });
  }
}

/** Checks the blueprints and lays out what they contain. Pure. */
export function prepareBlueprints(
  blueprints: readonly BlueprintDescriptor[],
  limits: ObserveLimits,
): PreparedBlueprints {
  const { candidates, excluded } = blueprintCandidates(blueprints);
  const [structureKept, edgesKept] = [new KeptList(), new KeptList()];
  const structure = structureOf(candidates, limits, structureKept);
  const edges = buildBlueprintEdges(
    { candidates, structure, attributeWidth: limits.widths.edgeFeatureWidth },
    edgesKept,
  );
  return {
    blueprints,
    limits,
    candidates,
    excluded,
    structure,
    structureKept: structureKept.list,
    tables: prepareTables(candidates, structure, limits),
    seedFeatures: seedFeatures(limits.layersMax),
    edges,
    edgesKept: edgesKept.list,
  };
}

/** True when `prepared` is what {@link prepareBlueprints} would give: the very same blueprints in the same order, and limits. */
export const isPreparedFor = (
  prepared: PreparedBlueprints,
  blueprints: readonly BlueprintDescriptor[],
  limits: ObserveLimits,
): boolean =>
  prepared.limits === limits &&
  prepared.blueprints.length === blueprints.length &&
  prepared.blueprints.every((blueprint, index) => blueprint === blueprints[index]);
