import type { BlueprintDescriptor } from '@esper/leyline';
import type { RiskContext } from '../context.js';
import type { BlueprintInput } from '../input.js';
import { type GivenReading, readGiven } from './reading.js';

/** The blueprint as the evaluators see it. */
export type BlueprintView = BlueprintInput;

const NONE: BlueprintView = Object.freeze({ kind: 'none' });

/**
 * A SEED that names a blueprint nobody looked up is as bad as one that was not found, where blueprints are required.
 * Ending a seed (CULL, CANCEL) needs no blueprint.
 */
export function viewBlueprint({ input, config, draft, seed }: RiskContext): BlueprintView {
  if (input.blueprint.kind !== 'none') return input.blueprint;
  const operation = draft.seedOperation;
  if (!seed || operation === undefined || config.signals.blueprint.presence !== 'required') return NONE;
  const ending = operation.operation === 'CULL' || operation.operation === 'CANCEL';
  return ending ? NONE : { kind: 'missing', blueprintId: operation.blueprintId };
}

/**
 * The blueprint's risk: the greater of the catalogue's and its safety sheet's. A sheet can raise it, never lower it; a
 * sheet without a score says nothing (D-23). Either being no evidence makes the whole unknown.
 */
export function effectiveRisk(descriptor: BlueprintDescriptor): GivenReading {
  const own = readGiven(descriptor.risk);
  const given = descriptor.sheet?.riskScore;
  if (given === undefined || own.kind !== 'value') return own;
  const sheet = readGiven(given);
  if (sheet.kind !== 'value') return sheet;
  return sheet.value > own.value ? sheet : own;
}
