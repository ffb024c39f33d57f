import { formatFixed } from '../format/python-number.js';
import { type Band, type BandRule, judgeBands } from './bands.js';
import type { Evaluator } from './evaluator.js';

const bandRule = (comparison: '<' | '<=', band: Pick<Band, 'threshold' | 'level' | 'mitigation'>): BandRule => ({
  signal: 'coverage',
  comparison,
  bands: [
    {
      ...band,
      reason: 'degraded_inputs',
      event: 'degraded_inputs',
      applies: 'always',
      entersMode: false,
      attributes: (value, { input }) => ({
        coverage_avg: formatFixed(value, 3),
        missing_features: String(input.coverage?.missing ?? 0),
      }),
    },
  ],
});

const CRITICAL = bandRule('<=', {
  threshold: (config) => config.coverage.criticalMax,
  level: 'CRITICAL',
  mitigation: 'pause',
});

const LOW = bandRule('<', { threshold: (config) => config.coverage.warnMin, level: 'WARNING', mitigation: 'none' });

/**
 * How much of its input the policy had (RE-60 to RE-64). One definition: present over expected features, missing ones
 * count as 0 (D-20). Hardly any: the decision is blind and becomes a pause. Little: a warning.
 */
export const degradedInputs: Evaluator = {
  name: 'degraded_inputs',
  worst: { mitigation: 'pause', entersMode: false },
  evaluate(context) {
    const { coverage } = context.readings;
    const critical = judgeBands(CRITICAL, coverage, context);
    const worse = critical.verdict === 'pass' ? judgeBands(LOW, coverage, context) : critical;
    return { facts: [], findings: [worse] };
  },
};
