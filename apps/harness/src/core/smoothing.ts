import type { Smoothed } from './trainer-state.js';

const FACTOR = 0.2;

interface MeanAndVariance {
  readonly mean?: number;
  readonly variance: number;
}

/** Exponentially weighted mean and variance; begins with the first value; a value that is not finite changes nothing. */
function smooth(before: MeanAndVariance, value: number): MeanAndVariance {
  if (!Number.isFinite(value)) return before;
  if (before.mean === undefined) return { mean: value, variance: 0 };
  const difference = value - before.mean;
  return {
    mean: before.mean + FACTOR * difference,
    variance: (1 - FACTOR) * (before.variance + FACTOR * difference * difference),
  };
}

const entry = (mean: number | undefined, variance: number): MeanAndVariance =>
  mean === undefined ? { variance } : { mean, variance };

const set = <Key extends string>(key: Key, value: number | undefined): { [K in Key]?: number } =>
  (value === undefined ? {} : { [key]: value }) as { [K in Key]?: number };

const lowest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);

/** The smoothed measurements after one more step. */
export function smoothMeasures(
  before: Smoothed,
  measured: { readonly loss: number; readonly validationLoss: number; readonly gradientNorm: number },
): Smoothed {
  const loss = smooth(entry(before.lossEwma, before.lossVariance), measured.loss);
  const gradient = smooth(entry(before.gradientEwma, before.gradientVariance), measured.gradientNorm);
  const validation = smooth(entry(before.validationEwma, 0), measured.validationLoss);
  return {
    ...set('lossEwma', loss.mean),
    lossVariance: loss.variance,
    ...set('validationEwma', validation.mean),
    ...set('validationBest', lowest(before.validationBest, validation.mean)),
    ...set('gradientEwma', gradient.mean),
    gradientVariance: gradient.variance,
    ...set('previousLoss', Number.isFinite(measured.loss) ? measured.loss : before.previousLoss),
  };
}
