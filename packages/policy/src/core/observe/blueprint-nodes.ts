import { BLUEPRINT_TIERS, HAZARD_BANDS } from '@esper/leyline';
import type { BlueprintCandidate } from './blueprint-candidates.js';
import type { Feature } from './feature-column.js';
import { parameterNames } from './structure-fault.js';

const TIER_SCALE = 10;
const HAZARD_SCALE = 256;

/** Columns of a blueprint node: the candidate, and the losses of the run it would graft into. */
export const BLUEPRINT_FEATURES: readonly Feature<BlueprintCandidate>[] = [
  {
    key: 'blueprint.embedding',
    column: 0,
    evidence: false,
    perPacket: true,
    signal: ({ blueprintId }, { names }) => names.fraction('blueprint', blueprintId),
  },
  {
    key: 'blueprint.validation_loss',
    column: 1,
    maskColumn: 2,
    statistic: 'blueprint.validation_loss',
    evidence: true,
    perPacket: true,
    signal: (_, { packet }) => packet.validationLoss,
  },
  {
    key: 'blueprint.training_loss',
    column: 3,
    maskColumn: 4,
    statistic: 'blueprint.training_loss',
    evidence: true,
    perPacket: true,
    signal: (_, { packet }) => packet.trainingLoss,
  },
  {
    key: 'blueprint.risk',
    column: 5,
    evidence: true,
    signal: ({ risk }) => risk ?? Number.NaN,
  },
  { key: 'blueprint.stage', column: 6, evidence: false, signal: ({ stageFraction }) => stageFraction },
  {
    key: 'blueprint.parameter_count',
    column: 7,
    maskColumn: 8,
    statistic: 'blueprint.parameter_count',
    evidence: true,
    signal: ({ descriptor }) => parameterNames(descriptor).length,
  },
  {
    key: 'blueprint.tier',
    column: 9,
    evidence: false,
    signal: ({ descriptor }) => BLUEPRINT_TIERS[descriptor.tier] / TIER_SCALE,
  },
  {
    key: 'blueprint.flags',
    column: 10,
    evidence: false,
    signal: ({ descriptor }) => (descriptor.quarantineOnly ? 1 : 0),
  },
  {
    key: 'blueprint.flags',
    column: 11,
    evidence: false,
    signal: ({ descriptor }) => (descriptor.approvalRequired ? 1 : 0),
  },
  {
    key: 'blueprint.candidate_score',
    column: 12,
    maskColumn: 13,
    statistic: 'blueprint.candidate_score',
    evidence: true,
    signal: candidateScore,
  },
  {
    key: 'blueprint.hazard_class',
    column: 14,
    maskColumn: 15,
    evidence: true,
    signal: ({ descriptor }) => {
      const band = descriptor.sheet?.hazardBand;
      return band === undefined ? undefined : (HAZARD_BANDS.indexOf(band) + 1) / HAZARD_SCALE;
    },
  },
];

/** The catalogue's own estimate (BM-04), after the safety sheet has had its say; none while the risk is unknown. */
function candidateScore({ risk, descriptor }: BlueprintCandidate): number | undefined {
  if (risk === undefined) return undefined;
  const tunable = Object.keys(descriptor.allowedParameters).length;
  return Math.max(0, 1 - risk + 0.05 * descriptor.stage + 0.02 * tunable);
}
