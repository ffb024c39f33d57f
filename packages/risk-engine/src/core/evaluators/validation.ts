import { formatFixed } from '../format/python-number.js';
import { type Band, type BandRule, judgeBands } from './bands.js';
import type { Evaluator } from './evaluator.js';

const above = (
  signal: BandRule['signal'],
  digits: number,
  band: Pick<Band, 'threshold' | 'mitigation' | 'level'> & { readonly reason: Band['event'] },
): BandRule => ({
  signal,
  comparison: '>',
  bands: [
    {
      ...band,
      event: band.reason,
      applies: 'seed_mitigates',
      entersMode: false,
      attributes: (value) => ({ value: formatFixed(value, digits) }),
    },
  ],
});

const RULES: readonly BandRule[] = [
  above('loss_volatility', 3, {
    threshold: (config) => config.validation.lossVarianceMax,
    reason: 'validation_loss_variance',
    level: 'WARNING',
    mitigation: 'none',
  }),
  above('memory_ratio', 3, {
    threshold: (config) => config.validation.memoryRatioMax,
    reason: 'validation_memory',
    level: 'CRITICAL',
    mitigation: 'pause',
  }),
  above('gradient_norm', 3, {
    threshold: (config) => config.validation.gradientNormMax,
    reason: 'validation_gradient_norm',
    level: 'WARNING',
    mitigation: 'none',
  }),
];

/** The design's safety validation (G-07): nearly full memory blocks a SEED, variance and gradient norm are announced. */
export const validation: Evaluator = {
  name: 'validation',
  worst: { mitigation: 'pause', entersMode: false },
  evaluate: (context) => ({
    facts: [],
    findings: RULES.map((rule) => judgeBands(rule, context.readings[rule.signal], context)),
  }),
};
