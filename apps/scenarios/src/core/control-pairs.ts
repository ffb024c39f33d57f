import { bootstrapMean, type MeanInterval, mean } from './statistics.js';

/** How one run ended. */
export interface Ending {
  readonly accuracy: number;
  /** It ended no better than guessing, or was stopped. */
  readonly lost: boolean;
  /** Steps after the first fault at which validation was clearly worse than just before it. */
  readonly stepsLost: number;
  readonly stepsPaused: number;
}

/** Both runs of one seed, under the same faults. */
export interface ControlPair {
  readonly seed: number;
  readonly alone: Ending;
  readonly controlled: Ending;
  /** Pauses that the risk engine ordered before the first fault: nothing was wrong yet. */
  readonly falsePauses: number;
  /** Commands the controlled trainer verified and followed. */
  readonly followed?: number | undefined;
}

/** Clearly worse than before the fault: this many times the loss. */
const WORSE = 1.1;

/** Steps from `firstFault` on whose validation loss is no number, or clearly above what it was at its best before. */
export function stepsLostAfter(
  steps: readonly { readonly step: number; readonly validationLoss: number }[],
  firstFault: number,
): number {
  const before = steps.filter(({ step }) => step < firstFault).map(({ validationLoss }) => validationLoss);
  const best = Math.min(...before);
  return steps.filter(({ step, validationLoss }) => step >= firstFault && !(validationLoss <= best * WORSE)).length;
}

/** What all pairs say together; each mean with its 95 % bootstrap interval. `random` gives numbers in [0, 1). */
export function weighPairs(pairs: readonly ControlPair[], random: () => number) {
  const about = (of: (pair: ControlPair) => number): MeanInterval => rounded(bootstrapMean(pairs.map(of), random));
  const share = (of: (pair: ControlPair) => boolean) => pairs.filter(of).length;
  return {
    pairs: pairs.length,
    accuracyGain: about(({ alone, controlled }) => controlled.accuracy - alone.accuracy),
    accuracyAlone: mean(pairs.map(({ alone }) => alone.accuracy)),
    accuracyControlled: mean(pairs.map(({ controlled }) => controlled.accuracy)),
    controlledBetter: share(({ alone, controlled }) => controlled.accuracy > alone.accuracy),
    controlledWorse: share(({ alone, controlled }) => controlled.accuracy < alone.accuracy),
    lostAlone: share(({ alone }) => alone.lost),
    lostControlled: share(({ controlled }) => controlled.lost),
    stepsLostAlone: about(({ alone }) => alone.stepsLost),
    stepsLostControlled: about(({ controlled }) => controlled.stepsLost),
    stepsSaved: about(({ alone, controlled }) => alone.stepsLost - controlled.stepsLost),
    stepsPaused: about(({ controlled }) => controlled.stepsPaused),
    falsePauses: about(({ falsePauses }) => falsePauses),
  };
}

const rounded = (interval: MeanInterval): MeanInterval => ({
  mean: Number(interval.mean.toFixed(4)),
  low: Number(interval.low.toFixed(4)),
  high: Number(interval.high.toFixed(4)),
});
