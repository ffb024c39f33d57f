import type { TelemetryEvent } from '@esper/leyline';
import type { RiskContext } from '../context.js';
import { type Evaluation, finding, type RawFinding } from '../finding.js';
import { formatFixed, formatTruncated } from '../format/python-number.js';
import { type BandRule, judgeBands } from './bands.js';
import type { Evaluator } from './evaluator.js';

const scoreAttribute = (value: number) => ({ score: formatFixed(value, 3) });

const RULE: BandRule = {
  signal: 'policy_risk_score',
  comparison: '>=',
  bands: [
    {
      threshold: (config) => config.policyRisk.criticalMin,
      reason: 'policy_risk_critical',
      event: 'policy_risk_critical',
      level: 'CRITICAL',
      mitigation: 'pause',
      applies: 'always',
      entersMode: true,
      attributes: scoreAttribute,
    },
    {
      threshold: (config) => config.policyRisk.elevatedMin,
      reason: 'policy_risk_elevated',
      event: 'policy_risk_elevated',
      level: 'WARNING',
      mitigation: 'downgrade',
      applies: 'seed_only',
      entersMode: false,
      attributes: scoreAttribute,
    },
  ],
};

const EXPIRED: RawFinding = Object.freeze(
  finding({
    signal: 'policy_validity',
    verdict: 'fail',
    mitigation: 'pause',
    reason: 'policy_expired',
    level: 'WARNING',
    attributes: Object.freeze({}),
    entersMode: false,
    event: 'policy_expired',
  }),
);

/** The index as the event shows it: a whole number, the text that was given, or `0` when there is none. */
function indexText(index: number | string | undefined): string {
  if (index === undefined) return '0';
  return typeof index === 'number' && Number.isFinite(index) ? formatTruncated(index) : String(index);
}

function facts({ readings, input }: RiskContext): readonly TelemetryEvent[] {
  const reading = readings.policy_risk_score;
  if (reading.kind !== 'value') return [];
  const attributes = { score: formatFixed(reading.value, 3), index: indexText(input.policy.riskIndex) };
  return [{ description: 'policy_risk_signal', level: 'INFO', attributes }];
}

const changesStructure = (context: RiskContext): boolean =>
  context.seed || context.draft.commandType === 'STRUCTURAL_PRUNING';

/** What the policy says about its own proposal (RE-20 to RE-22), and whether the policy may still speak. */
export const policyRisk: Evaluator = {
  name: 'policy_risk',
  worst: { mitigation: 'pause', entersMode: true },
  evaluate(context): Evaluation {
    const findings = [judgeBands(RULE, context.readings.policy_risk_score, context)];
    if (context.input.policy.expired === true && changesStructure(context)) findings.push(EXPIRED);
    return { facts: facts(context), findings };
  },
};
