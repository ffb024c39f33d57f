import { formatFixed } from '../format/python-number.js';
import { type BandRule, judgeBands } from './bands.js';
import type { Evaluator } from './evaluator.js';

const deltaAttribute = (value: number) => ({ delta: formatFixed(value, 3) });

const RULE: BandRule = {
  signal: 'loss_delta',
  comparison: '>',
  bands: [
    {
      threshold: (config) => config.loss.spikeMax,
      reason: 'loss_spike',
      event: 'loss_spike',
      level: 'WARNING',
      mitigation: 'pause',
      applies: 'always',
      entersMode: true,
      attributes: deltaAttribute,
    },
    {
      threshold: (config) => config.loss.warningRatio * config.loss.spikeMax,
      reason: 'loss_warning',
      event: 'loss_warning',
      level: 'WARNING',
      mitigation: 'downgrade',
      applies: 'seed_only',
      entersMode: false,
      attributes: deltaAttribute,
    },
  ],
};

/** How far the validation loss rose since the last packet (RE-36, RE-37). */
export const loss: Evaluator = {
  name: 'loss',
  worst: { mitigation: 'pause', entersMode: true },
  evaluate: (context) => ({ facts: [], findings: [judgeBands(RULE, context.readings.loss_delta, context)] }),
};
