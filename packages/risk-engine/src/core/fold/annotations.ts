import type { BlueprintDescriptor, Signal } from '@esper/leyline';
import type { RiskContext } from '../context.js';
import { formatFixed } from '../format/python-number.js';
import { effectiveRisk } from '../signals/blueprint-view.js';

/** Annotations only the risk engine writes. Whatever stood there before is removed (D-25d). */
const OWNED = new Set([
  'risk_reason',
  'risk_constraints',
  'blueprint_tier',
  'blueprint_stage',
  'blueprint_risk',
  'bsds_hazard_band',
  'bsds_handling_class',
  'bsds_resource_profile',
  'bsds_provenance',
  'bsds_risk',
]);

const fixed = (signal: Signal, digits: number): string =>
  typeof signal === 'number' ? formatFixed(signal, digits) : 'nan';

function riskText(descriptor: BlueprintDescriptor): string {
  const risk = effectiveRisk(descriptor);
  return fixed(risk.kind === 'value' ? risk.value : risk.given, 2);
}

function sheetAnnotations({ sheet }: BlueprintDescriptor): Record<string, string> {
  if (sheet === undefined) return {};
  const { hazardBand, handlingClass, resourceProfile, provenance, riskScore } = sheet;
  return {
    ...(hazardBand === undefined ? {} : { bsds_hazard_band: hazardBand }),
    ...(handlingClass === undefined ? {} : { bsds_handling_class: handlingClass }),
    ...(resourceProfile === undefined ? {} : { bsds_resource_profile: resourceProfile }),
    ...(provenance === undefined ? {} : { bsds_provenance: provenance }),
    ...(riskScore === undefined ? {} : { bsds_risk: fixed(riskScore, 2) }),
  };
}

/** What is known about the blueprint, in words (RE-28, RE-31). */
function blueprintAnnotations({ input }: RiskContext): Record<string, string> {
  if (input.blueprint.kind !== 'known') return {};
  const { descriptor } = input.blueprint;
  return {
    blueprint_tier: `BLUEPRINT_TIER_${descriptor.tier}`,
    blueprint_stage: String(descriptor.stage),
    blueprint_risk: riskText(descriptor),
    ...sheetAnnotations(descriptor),
  };
}

/** The annotations of the final command: the policy's own, and ours in place of any that claimed to be ours. */
export function finalAnnotations(context: RiskContext, reason: string): Readonly<Record<string, string>> {
  const { annotations } = context.draft;
  const final: Record<string, string> = {};
  for (const [key, text] of Object.entries(annotations)) {
    if (!OWNED.has(key)) final[key] = text;
  }
  Object.assign(final, blueprintAnnotations(context));
  final['risk_reason'] = reason;
  return final;
}
