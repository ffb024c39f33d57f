/** The one optimizer of the run: stochastic gradient descent with momentum. */
export const OPTIMIZER_ID = 'sgd';

export interface OptimizerLimits {
  readonly baseLearningRate: number;
  readonly momentum: number;
}

/** A single command changes the learning rate by at most this fraction, whatever its `lr_delta` says. */
const LR_CHANGE_MAX = 0.5;
/** The learning rate stays within these multiples of its base value. */
const LR_RANGE = { least: 0.2, most: 2 } as const;

/**
 * The rule of an OPTIMIZER command: new = old × (1 + lr_delta), with lr_delta held to ±{@link LR_CHANGE_MAX} and the
 * result to {@link LR_RANGE} times the base value.
 */
export function adjustedLearningRate(current: number, lrDelta: number, { baseLearningRate }: OptimizerLimits): number {
  const change = Math.min(LR_CHANGE_MAX, Math.max(-LR_CHANGE_MAX, lrDelta));
  const wanted = current * (1 + change);
  return Math.min(LR_RANGE.most * baseLearningRate, Math.max(LR_RANGE.least * baseLearningRate, wanted));
}

/**
 * The rate the next update uses. While the structure is frozen, by a PAUSE or by the trainer's own caution, the
 * optimizer is held at its base rate or below, whatever has raised it.
 */
export const effectiveLearningRate = (
  rate: { readonly learningRate: number; readonly faultFactor: number; readonly held: boolean },
  { baseLearningRate }: OptimizerLimits,
): number => {
  const raised = rate.learningRate * rate.faultFactor;
  return rate.held ? Math.min(raised, baseLearningRate) : raised;
};
