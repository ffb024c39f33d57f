/** How a raw value becomes the number whose statistics are kept. */
type Transform = 'identity' | 'log1p';

interface StatisticPrior {
  /** What is measured, and in which unit. */
  readonly unit: string;
  readonly transform: Transform;
  /** Expected raw value, in `unit`. */
  readonly mean: number;
  /** Expected deviation of the *transformed* value. */
  readonly sigma: number;
}

const prior = (unit: string, mean: number, sigma: number, transform: Transform = 'identity'): StatisticPrior => ({
  unit,
  transform,
  mean,
  sigma,
});

/**
 * One statistic per node type and feature: the gradient norm of a seed says nothing about that of the run (P-D21). The
 * prior stands beside its transform and unit, so that a value at the prior mean always reads 0 (P-D18).
 */
export const STATISTICS = {
  'global.loss': prior('loss', 0.8, 0.3),
  'global.validation_loss': prior('loss', 0.8, 0.3),
  'global.training_loss': prior('loss', 0.8, 0.3),
  'global.gradient_norm': prior('norm', 1, 0.5),
  'global.samples_per_s': prior('samples/s', 4500, 500),
  'global.hook_latency_ms': prior('ms', 12, 6),
  'global.epoch': prior('epochs', 10, 5),
  'global.step': prior('steps', 100, 0.4, 'log1p'),
  'global.epoch_progress': prior('fraction', 0.5, 0.25),
  'seed.learning_rate': prior('rate', 0.01, 0.005),
  'seed.risk': prior('fraction', 0.4, 0.2),
  'seed.gradient_norm': prior('norm', 1, 0.5),
  'seed.age': prior('epochs', 10, 4),
  'blueprint.validation_loss': prior('loss', 0.8, 0.3),
  'blueprint.training_loss': prior('loss', 0.8, 0.3),
  'blueprint.parameter_count': prior('tunable parameters', 2, 0.5, 'log1p'),
  'blueprint.candidate_score': prior('score', 0.5, 0.25),
  'layer.latency': prior('ms', 6, 2),
  'layer.param_count': prior('weights', 1024, 0.5, 'log1p'),
  'layer.weight_norm': prior('norm', 1, 0.4),
  'layer.gradient_norm': prior('norm', 0.8, 0.4),
  'activation.saturation': prior('fraction', 0.5, 0.2),
  'activation.gradient_flow': prior('fraction', 0.8, 0.2),
  'activation.cost': prior('operations', 128, 0.5, 'log1p'),
  'activation.nonlinearity': prior('fraction', 0.5, 0.2),
  'parameter.min': prior('value', 0, 0.5),
  'parameter.max': prior('value', 1, 0.5),
  'parameter.span': prior('value', 0.5, 0.4),
  'parameter.default': prior('value', 0.5, 0.4),
} as const satisfies Readonly<Record<string, StatisticPrior>>;

export type StatisticKey = keyof typeof STATISTICS;
export const STATISTIC_KEYS = Object.freeze(Object.keys(STATISTICS)) as readonly StatisticKey[];

/** Running mean and variance of one transformed feature; both finite, variance at least {@link VARIANCE_FLOOR}. */
export interface Statistic {
  readonly mean: number;
  readonly variance: number;
}

/** All running statistics: a value. The next one takes effect only when the host commits it after a decision that succeeded. */
export type NormalizerState = Readonly<Record<StatisticKey, Statistic>>;

/** Weight of one packet in the running statistics. */
const ALPHA = 0.1;
export const VARIANCE_FLOOR = 1e-6;
/** No normalised value lies beyond this many deviations. A single observation cannot reach it, several at once can. */
const Z_MAX = 3;

/** A raw value as its statistic sees it. `log1p` needs a value ≥ 0. */
export const transformed = (key: StatisticKey, value: number): number =>
  STATISTICS[key].transform === 'log1p' ? Math.log1p(value) : value;

/** The statistics before anything was seen. */
export function priorNormalizerState(): NormalizerState {
  const state = {} as Record<StatisticKey, Statistic>;
  for (const key of STATISTIC_KEYS) {
    state[key] = { mean: transformed(key, STATISTICS[key].mean), variance: STATISTICS[key].sigma ** 2 };
  }
  return Object.freeze(state);
}

/**
 * The statistic after one packet that held `values` (transformed, at least one). Each packet weighs the same however many
 * rows it has, and the order of the rows does not matter to the last bit. For one value this is the prototype's rule.
 */
export function advance(statistic: Statistic, values: readonly number[]): Statistic {
  const sorted = values.length > 1 ? [...values].sort((a, b) => a - b) : values;
  let delta = 0;
  let square = 0;
  for (const value of sorted) {
    const d = value - statistic.mean;
    delta += d;
    square += ALPHA * d * d;
  }
  const mean = statistic.mean + ALPHA * (delta / sorted.length);
  const variance = Math.max(VARIANCE_FLOOR, (1 - ALPHA) * (statistic.variance + square / sorted.length));
  return { mean, variance };
}

/** Deviations from the mean, within ±3. */
export function zScore(statistic: Statistic, value: number): number {
  const z = (value - statistic.mean) / Math.sqrt(statistic.variance);
  return Math.min(Z_MAX, Math.max(-Z_MAX, z));
}
