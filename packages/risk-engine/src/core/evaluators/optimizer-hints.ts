import { invariant } from '@esper/std';
import type { RiskConfig } from '../config.js';
import type { RiskContext } from '../context.js';
import type { RiskEventName } from '../events.js';
import { finding, passing, type RawFinding } from '../finding.js';
import { formatFixed } from '../format/python-number.js';
import { numberOf } from '../signals/reading.js';
import type { SignalName } from '../signals/signal-table.js';
import { type Band, type BandRule, judgeBands } from './bands.js';
import { both, certainty } from './conjunction.js';
import type { Evaluator } from './evaluator.js';
import { neutral, unknownSignal } from './unknown.js';

const hint = (
  signal: SignalName,
  reason: RiskEventName,
  options: Pick<Band, 'applies' | 'attributes'> & { readonly threshold: (config: RiskConfig) => number },
): BandRule => ({
  signal,
  comparison: '>',
  bands: [{ reason, event: reason, level: 'WARNING', mitigation: 'downgrade', entersMode: false, ...options }],
});

const RULES: readonly BandRule[] = [
  hint('loss_volatility', 'loss_volatility_high', {
    threshold: (config) => config.loss.volatilityRatio * config.loss.spikeMax,
    applies: 'seed_mitigates',
    attributes: (value) => ({ volatility: formatFixed(value, 3) }),
  }),
  hint('grad_var', 'grad_variance_high', {
    threshold: (config) => config.optimizer.gradVarianceMax,
    applies: 'seed_only',
    attributes: (value) => ({ var: formatFixed(value, 3) }),
  }),
  hint('grad_conflict_rate', 'grad_conflict_high', {
    threshold: (config) => config.optimizer.gradConflictRateMax,
    applies: 'seed_only',
    attributes: (value) => ({ rate: formatFixed(value, 3) }),
  }),
];

function rateUnknown({ readings, seed }: RiskContext): RawFinding {
  const { optimizer_lr: rate, loss_delta: delta } = readings;
  const worst = { mitigation: seed ? 'downgrade' : 'none', entersMode: false } as const;
  if (rate.kind === 'unknown') return unknownSignal('optimizer_lr', rate, worst);
  invariant(delta.kind === 'unknown', 'one of the two readings is unknown');
  return unknownSignal('loss_delta', delta, worst);
}

function rateFine({ readings, config }: RiskContext): RawFinding {
  const rate = readings.optimizer_lr;
  if (rate.kind === 'absent') return neutral('optimizer_lr', rate.seen);
  return passing('optimizer_lr', numberOf(rate), { threshold: config.optimizer.learningRateMax, comparison: '<=' });
}

function rateStuck({ readings, config, seed }: RiskContext): RawFinding {
  const { optimizer_lr: rate, loss_delta: delta } = readings;
  return finding({
    signal: 'optimizer_lr',
    value: numberOf(rate),
    threshold: config.optimizer.learningRateMax,
    comparison: '<=',
    verdict: seed ? 'fail' : 'warn',
    mitigation: seed ? 'downgrade' : 'none',
    reason: 'optimizer_hint',
    level: 'WARNING',
    attributes: {
      lr: formatFixed(numberOf(rate) ?? Number.NaN, 6),
      loss_delta: formatFixed(numberOf(delta) ?? Number.NaN, 3),
    },
    event: 'optimizer_hint',
  });
}

/** A learning rate that cannot help while the loss rises (RE-48). */
function judgeLearningRate(context: RiskContext): RawFinding {
  const { readings, config } = context;
  const rising = config.loss.warningRatio * config.loss.spikeMax;
  const stuck = both(
    certainty(readings.optimizer_lr, (value) => value <= config.optimizer.learningRateMax),
    certainty(readings.loss_delta, (value) => value > rising),
  );
  if (stuck === 'perhaps') return rateUnknown(context);
  return stuck === 'yes' ? rateStuck(context) : rateFine(context);
}

/** What the optimizer's own statistics say (RE-45 to RE-48). */
export const optimizerHints: Evaluator = {
  name: 'optimizer_hints',
  worst: { mitigation: 'downgrade', entersMode: false },
  evaluate: (context) => ({
    facts: [],
    findings: [
      ...RULES.map((rule) => judgeBands(rule, context.readings[rule.signal], context)),
      judgeLearningRate(context),
    ],
  }),
};
