import type { RiskContext } from '../context.js';
import { formatFixed } from '../format/python-number.js';
import { type Band, type BandRule, judgeBands } from './bands.js';
import type { Evaluator } from './evaluator.js';

const bandRule = (
  context: RiskContext,
  comparison: '<' | '<=',
  band: Pick<Band, 'threshold' | 'level' | 'mitigation'>,
): BandRule => ({
  signal: 'coverage',
  comparison,
  bands: [
    {
      ...band,
      reason: 'degraded_inputs',
      event: 'degraded_inputs',
      applies: 'always',
      entersMode: false,
      attributes: (value) => ({
        coverage_avg: formatFixed(value, 3),
        missing_features: String(context.input.coverage?.missing ?? 0),
      }),
    },
  ],
});

const CRITICAL: Pick<Band, 'threshold' | 'level' | 'mitigation'> = {
  threshold: (config) => config.coverage.criticalMax,
  level: 'CRITICAL',
  mitigation: 'pause',
};

const LOW: Pick<Band, 'threshold' | 'level' | 'mitigation'> = {
  threshold: (config) => config.coverage.warnMin,
  level: 'WARNING',
  mitigation: 'none',
};

/**
 * How much of its input the policy had (RE-60 to RE-64). One definition: present over expected features, missing ones
 * count as 0 (D-20). Hardly any: the decision is blind and becomes a pause. Little: a warning.
 */
export const degradedInputs: Evaluator = {
  name: 'degraded_inputs',
  worst: { mitigation: 'pause', entersMode: false },
  evaluate(context) {
    const { coverage } = context.readings;
    const critical = judgeBands(bandRule(context, '<=', CRITICAL), coverage, context);
    return {
      facts: [],
      findings: [critical.verdict === 'pass' ? judgeBands(bandRule(context, '<', LOW), coverage, context) : critical],
    };
  },
};
