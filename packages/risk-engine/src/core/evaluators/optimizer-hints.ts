import type { RiskConfig } from '../config.js';
import type { RiskContext } from '../context.js';
import { finding, passing, type RawFinding } from '../finding.js';
import { formatFixed } from '../format/python-number.js';
import type { Reading } from '../signals/reading.js';
import type { SignalName } from '../signals/signal-table.js';
import { type Band, type BandRule, judgeBands } from './bands.js';
import { both, certainty } from './conjunction.js';
import type { Evaluator } from './evaluator.js';
import { neutral, unknownSignal } from './unknown.js';

const hint = (
  signal: SignalName,
  reason: string,
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

const shown = (reading: Reading, digits: number): string =>
  reading.kind === 'value' ? formatFixed(reading.value, digits) : reading.kind;

function learningRateUnknown(rate: Reading, delta: Reading, seed: boolean): RawFinding {
  const worst = { mitigation: seed ? 'downgrade' : 'none', entersMode: false } as const;
  if (rate.kind === 'unknown') return unknownSignal('optimizer_lr', rate, worst);
  if (delta.kind === 'unknown') return unknownSignal('loss_delta', delta, worst);
  return passing('optimizer_lr', null, null);
}

/** A learning rate that cannot help while the loss rises (RE-48). */
function judgeLearningRate({ readings, config, seed }: RiskContext): RawFinding {
  const { optimizer_lr: rate, loss_delta: delta } = readings;
  const { learningRateMax } = config.optimizer;
  const rising = config.loss.warningRatio * config.loss.spikeMax;
  const stuck = both(
    certainty(rate, (value) => value <= learningRateMax),
    certainty(delta, (value) => value > rising),
  );
  if (stuck === 'perhaps') return learningRateUnknown(rate, delta, seed);
  if (stuck === 'no')
    return rate.kind === 'absent'
      ? neutral('optimizer_lr', rate.seen)
      : passing('optimizer_lr', rate.kind === 'value' ? rate.value : null, {
          threshold: learningRateMax,
          comparison: '<=',
        });
  return finding({
    signal: 'optimizer_lr',
    value: rate.kind === 'value' ? rate.value : null,
    threshold: learningRateMax,
    comparison: '<=',
    verdict: seed ? 'fail' : 'warn',
    mitigation: seed ? 'downgrade' : 'none',
    reason: 'optimizer_hint',
    level: 'WARNING',
    attributes: { lr: shown(rate, 6), loss_delta: shown(delta, 3) },
    entersMode: false,
    event: 'optimizer_hint',
  });
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
