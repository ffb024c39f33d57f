import { type BlueprintDescriptor, finiteSignal } from '@esper/leyline';
import { isBlank } from './blank.js';
import { structureFault } from './structure-fault.js';

/** One blueprint the network compares. Its place in the list is its row in the graph. */
export interface BlueprintCandidate {
  readonly blueprintId: string;
  readonly descriptor: BlueprintDescriptor;
  /** The higher of descriptor and safety sheet, 0..1; `undefined` when either is bad. */
  readonly risk: number | undefined;
  /** Catalogue stage over 10, 0..1. The same in nodes and edges (P-D31). */
  readonly stageFraction: number;
  /** A blueprint of unknown risk is shown to the network and never chosen. */
  readonly eligibility: 'eligible' | 'risk_unknown';
}

/** A blueprint that was left out of the graph, and why. */
export interface ExcludedBlueprint {
  readonly blueprintId: string;
  /** Field at fault, for example `graph.layerAdjacency[2]`. */
  readonly path: string;
  readonly reason: string;
}

/** Identifiers that stand for "none" in the prototype. No catalogue may use them. */
export const PLACEHOLDER_IDS: ReadonlySet<string> = new Set(['bp-unknown', 'bp-demo', 'run-unknown']);

const STAGE_SCALE = 10;

/** Splits the given blueprints, in catalogue order, into candidates and excluded ones. Nothing is repaired. */
export function blueprintCandidates(descriptors: readonly BlueprintDescriptor[]): {
  readonly candidates: readonly BlueprintCandidate[];
  readonly excluded: readonly ExcludedBlueprint[];
} {
  const candidates: BlueprintCandidate[] = [];
  const excluded: ExcludedBlueprint[] = [];
  const seen = new Set<string>();
  for (const descriptor of descriptors) {
    const fault = identityFault(descriptor, seen) ?? structureFault(descriptor);
    if (fault === undefined) candidates.push(candidate(descriptor));
    else excluded.push({ blueprintId: descriptor.blueprintId, ...fault });
    seen.add(descriptor.blueprintId);
  }
  return { candidates, excluded };
}

function identityFault(
  descriptor: BlueprintDescriptor,
  seen: ReadonlySet<string>,
): { path: string; reason: string } | undefined {
  const id = descriptor.blueprintId;
  if (isBlank(id)) return { path: 'blueprintId', reason: 'is blank' };
  if (PLACEHOLDER_IDS.has(id)) return { path: 'blueprintId', reason: 'is a placeholder' };
  if (seen.has(id)) return { path: 'blueprintId', reason: 'is given twice' };
  return Number.isFinite(descriptor.stage) ? undefined : { path: 'stage', reason: 'is not a finite number' };
}

function candidate(descriptor: BlueprintDescriptor): BlueprintCandidate {
  const risk = effectiveRisk(descriptor);
  return {
    blueprintId: descriptor.blueprintId,
    descriptor,
    risk,
    stageFraction: clamp01(descriptor.stage / STAGE_SCALE),
    eligibility: risk === undefined ? 'risk_unknown' : 'eligible',
  };
}

/** A sheet may raise the risk and never lower it; a bad number in either is no number (D-23). */
function effectiveRisk({ risk, sheet }: BlueprintDescriptor): number | undefined {
  const own = finiteSignal(risk);
  const sheetRisk = sheet?.riskScore === undefined ? own : finiteSignal(sheet.riskScore);
  return own === undefined || sheetRisk === undefined ? undefined : clamp01(Math.max(own, sheetRisk));
}

const clamp01 = (value: number): number => Math.min(1, Math.max(0, value));
