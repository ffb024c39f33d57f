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

/**
 * One statistic per node type and feature: the gradient norm of a seed says nothing about that of the run (P-D21). The
 * prior stands beside its transform and unit, so that a value at the prior mean always reads 0 (P-D18).
 */
export const STATISTICS = {
  'global.loss': { unit: 'loss', transform: 'identity', mean: 0.8, sigma: 0.3 },
  'global.validation_loss': { unit: 'loss', transform: 'identity', mean: 0.8, sigma: 0.3 },
  'global.training_loss': { unit: 'loss', transform: 'identity', mean: 0.8, sigma: 0.3 },
  'global.gradient_norm': { unit: 'norm', transform: 'identity', mean: 1, sigma: 0.5 },
  'global.samples_per_s': { unit: 'samples/s', transform: 'identity', mean: 4500, sigma: 500 },
  'global.hook_latency_ms': { unit: 'ms', transform: 'identity', mean: 12, sigma: 6 },
  'global.epoch': { unit: 'epochs', transform: 'identity', mean: 10, sigma: 5 },
  'global.step': { unit: 'steps', transform: 'log1p', mean: 100, sigma: 0.4 },
  'global.epoch_progress': { unit: 'fraction', transform: 'identity', mean: 0.5, sigma: 0.25 },
  'seed.learning_rate': { unit: 'rate', transform: 'identity', mean: 0.01, sigma: 0.005 },
  'seed.risk': { unit: 'fraction', transform: 'identity', mean: 0.4, sigma: 0.2 },
  'seed.gradient_norm': { unit: 'norm', transform: 'identity', mean: 1, sigma: 0.5 },
  'seed.age': { unit: 'epochs', transform: 'identity', mean: 10, sigma: 4 },
  'blueprint.validation_loss': { unit: 'loss', transform: 'identity', mean: 0.8, sigma: 0.3 },
  'blueprint.training_loss': { unit: 'loss', transform: 'identity', mean: 0.8, sigma: 0.3 },
  'blueprint.parameter_count': { unit: 'tunable parameters', transform: 'log1p', mean: 2, sigma: 0.5 },
  'blueprint.candidate_score': { unit: 'score', transform: 'identity', mean: 0.5, sigma: 0.25 },
  'layer.latency': { unit: 'ms', transform: 'identity', mean: 6, sigma: 2 },
  'layer.param_count': { unit: 'weights', transform: 'log1p', mean: 1024, sigma: 0.5 },
  'layer.weight_norm': { unit: 'norm', transform: 'identity', mean: 1, sigma: 0.4 },
  'layer.gradient_norm': { unit: 'norm', transform: 'identity', mean: 0.8, sigma: 0.4 },
  'activation.saturation': { unit: 'fraction', transform: 'identity', mean: 0.5, sigma: 0.2 },
  'activation.gradient_flow': { unit: 'fraction', transform: 'identity', mean: 0.8, sigma: 0.2 },
  'activation.cost': { unit: 'operations', transform: 'log1p', mean: 128, sigma: 0.5 },
  'activation.nonlinearity': { unit: 'fraction', transform: 'identity', mean: 0.5, sigma: 0.2 },
  'parameter.min': { unit: 'value', transform: 'identity', mean: 0, sigma: 0.5 },
  'parameter.max': { unit: 'value', transform: 'identity', mean: 1, sigma: 0.5 },
  'parameter.span': { unit: 'value', transform: 'identity', mean: 0.5, sigma: 0.4 },
  'parameter.default': { unit: 'value', transform: 'identity', mean: 0.5, sigma: 0.4 },
} as const satisfies Readonly<Record<string, StatisticPrior>>;

export type StatisticKey = keyof typeof STATISTICS;
/** Overwritten before anybody sees it. */
const NO_STATISTICS = STATISTICS as unknown as Record<StatisticKey, Statistic>;
export const STATISTIC_KEYS = Object.freeze(Object.keys(STATISTICS)) as readonly StatisticKey[];

/** Running mean and variance of one transformed feature; both finite, variance at least 1e-6. */
export interface Statistic {
  readonly mean: number;
  readonly variance: number;
}

/** All running statistics: a value. The next one takes effect only when the host commits it after a decision that succeeded. */
export type NormalizerState = Readonly<Record<StatisticKey, Statistic>>;

/** Weight of one packet in the running statistics. */
const ALPHA = 0.1;
const VARIANCE_FLOOR = 1e-6;
/** No normalised value lies beyond this many deviations. A single observation cannot reach it, several at once can. */
const Z_MAX = 3;

/** A raw value as its statistic sees it. `log1p` needs a value ≥ 0. */
export const transformed = (key: StatisticKey, value: number): number =>
  STATISTICS[key].transform === 'log1p' ? Math.log1p(value) : value;

/** The statistics before anything was seen. */
export function priorNormalizerState(): NormalizerState {
  // Begun as a copy of a literal: an object that is put together key by key takes eight times as long to copy, once a packet.
  const state: Record<StatisticKey, Statistic> = { ...NO_STATISTICS };
  for (const key of STATISTIC_KEYS) {
    state[key] = { mean: transformed(key, STATISTICS[key].mean), variance: STATISTICS[key].sigma ** 2 };
  }
  return Object.freeze(state);
}

/**
 * The statistic after one packet that held the values `sorted` (transformed, at least one, {@link ascending}). Each packet
 * weighs the same however many rows it has, and the order of the rows does not matter to the last bit. For one value this
 * is the prototype's rule.
 */
export function advance(statistic: Statistic, sorted: readonly number[]): Statistic {
  let delta = 0;
  let square = 0;
  for (let at = 0; at < sorted.length; at += 1) {
    const d = (sorted[at] as number) - statistic.mean;
    delta += d;
    square += ALPHA * d * d;
  }
  const mean = statistic.mean + ALPHA * (delta / sorted.length);
  const variance = Math.max(VARIANCE_FLOOR, (1 - ALPHA) * (statistic.variance + square / sorted.length));
  return { mean, variance };
}

/** Those that are not NaN, sorted. By insertion: rarely more than a dozen rows, and a comparator costs more than the moves. */
export function ascending(values: readonly number[]): readonly number[] {
  const sorted: number[] = [];
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] as number;
    if (Number.isNaN(value)) continue;
    let place = sorted.length;
    for (; place > 0 && (sorted[place - 1] as number) > value; place -= 1) sorted[place] = sorted[place - 1] as number;
    sorted[place] = value;
  }
  return sorted;
}

/** Deviations from the mean, within ±3. */
export function zScore(statistic: Statistic, value: number): number {
  const z = (value - statistic.mean) / Math.sqrt(statistic.variance);
  return Math.min(Z_MAX, Math.max(-Z_MAX, z));
}
