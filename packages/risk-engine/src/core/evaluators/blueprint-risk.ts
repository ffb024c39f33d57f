import type { BlueprintDescriptor } from '@esper/leyline';
import type { RiskContext } from '../context.js';
import { type Evaluation, finding, type RawFinding } from '../finding.js';
import { formatFixed } from '../format/python-number.js';
import { type BlueprintView, effectiveRisk, viewBlueprint } from '../signals/blueprint-view.js';
import { type BandRule, judgeBands } from './bands.js';
import type { Evaluator } from './evaluator.js';

const tierName = (descriptor: BlueprintDescriptor): string => `BLUEPRINT_TIER_${descriptor.tier}`;

const RULE: BandRule = {
  signal: 'blueprint',
  comparison: '>=',
  bands: [
    {
      threshold: (config) => config.blueprint.quarantineMin,
      reason: 'bp_quarantine',
      event: 'bp_quarantine',
      level: 'CRITICAL',
      mitigation: 'pause',
      applies: 'always',
      entersMode: true,
      attributes: (_value, { input }) => ({
        tier: input.blueprint.kind === 'known' ? tierName(input.blueprint.descriptor) : '',
      }),
    },
    {
      threshold: (config) => config.blueprint.elevatedMin,
      reason: 'blueprint_risk',
      event: 'blueprint_risk',
      level: 'WARNING',
      mitigation: 'downgrade',
      applies: 'seed_only',
      entersMode: false,
      attributes: (value) => ({ risk: formatFixed(value, 2) }),
    },
  ],
};

/** Quarantine by decree: the catalogue says so, whatever the number. */
const quarantined = (descriptor: BlueprintDescriptor): RawFinding =>
  finding({
    signal: 'blueprint.quarantine_only',
    value: true,
    verdict: 'fail',
    mitigation: 'pause',
    reason: 'bp_quarantine',
    level: 'CRITICAL',
    attributes: { tier: tierName(descriptor) },
    entersMode: true,
    event: 'bp_quarantine',
  });

const missing = (blueprintId: string): RawFinding =>
  finding({
    signal: 'blueprint',
    verdict: 'unknown',
    mitigation: 'pause',
    reason: 'blueprint_missing',
    level: 'CRITICAL',
    attributes: { blueprint_id: blueprintId },
    entersMode: false,
    event: 'blueprint_missing',
  });

const unapproved = (descriptor: BlueprintDescriptor): RawFinding =>
  finding({
    signal: 'blueprint.approval_required',
    value: true,
    verdict: 'fail',
    mitigation: 'pause',
    reason: 'blueprint_approval_required',
    level: 'WARNING',
    attributes: { blueprint_id: descriptor.blueprintId },
    entersMode: false,
    event: 'blueprint_approval_required',
  });

function judgeKnown(descriptor: BlueprintDescriptor, context: RiskContext): readonly RawFinding[] {
  const findings = [
    descriptor.quarantineOnly ? quarantined(descriptor) : judgeBands(RULE, effectiveRisk(descriptor), context),
  ];
  if (descriptor.approvalRequired && context.seed) findings.push(unapproved(descriptor));
  return findings;
}

function judge(view: BlueprintView, context: RiskContext): readonly RawFinding[] {
  if (view.kind === 'known') return judgeKnown(view.descriptor, context);
  return view.kind === 'missing' ? [missing(view.blueprintId)] : [];
}

/** What the catalogue says about the blueprint (RE-28 to RE-30). A blueprint that is not there holds the command. */
export const blueprintRisk: Evaluator = {
  name: 'blueprint_risk',
  worst: { mitigation: 'pause', entersMode: true },
  evaluate: (context): Evaluation => ({ facts: [], findings: judge(viewBlueprint(context), context) }),
};
