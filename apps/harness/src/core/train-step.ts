import { composeNetwork } from './compose-network.js';
import { takeRows } from './dataset.js';
import type { TrainingFaults } from './fault-schedule.js';
import { type Batch, backpropagate, evaluate, type Gradients, type HostParameters } from './network.js';
import { effectiveLearningRate, type OptimizerLimits } from './optimizer.js';
import { smoothMeasures } from './smoothing.js';
import { addScaled, dot, norm, scaled, tensorsThatDiffer } from './tensors.js';
import type { SeedSlot, TrainerState } from './trainer-state.js';

/** How a run trains. */
export interface TrainingSettings extends OptimizerLimits {
  /** Parts of a batch whose gradients are compared for conflict. Divides the batch size. */
  readonly microbatches: number;
  /** What to do with gradients that are not finite: leave the weights alone, or apply them all the same. */
  readonly nonFiniteGradients: 'skip' | 'apply';
}

/** What one step measured. Losses and norms may be NaN or infinite: that is then the truth. */
export interface StepMeasures {
  readonly loss: number;
  readonly accuracy: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
  readonly gradientNorm: number;
  /** Microbatches that pull against those before them, over their number less one. */
  readonly gradientConflictRate: number;
  /** Tensors of the host whose gradient was not the one its own loss gave. */
  readonly isolationViolations: number;
  /** The rate the update used. */
  readonly learningRate: number;
  readonly updateApplied: boolean;
  /** The training loss less that of the step before; absent on the first. */
  readonly lossDelta?: number;
}

interface BatchGradients {
  readonly loss: number;
  readonly accuracy: number;
  readonly gradients: Gradients;
  readonly conflictRate: number;
}

function averageOverMicrobatches(state: TrainerState, batch: Batch, parts: number): BatchGradients {
  const network = composeNetwork(state);
  const size = batch.labels.length / parts;
  const results = Array.from({ length: parts }, (_, part) => {
    const rows = Array.from({ length: size }, (_row, at) => part * size + at);
    return backpropagate(network, takeRows(batch, rows));
  });
  let host: HostParameters | undefined;
  let conflicts = 0;
  for (const { gradients } of results) {
    if (host !== undefined && dot(host, gradients.host) < 0) conflicts += 1;
    host = host === undefined ? gradients.host : addScaled(host, gradients.host, 1);
  }
  const mean = (pick: (result: (typeof results)[number]) => number) =>
    results.reduce((sum, result) => sum + pick(result), 0) / parts;
  const grafts = new Map(
    network.grafts.map(({ seedId }) => {
      const each = results.flatMap(({ gradients }) => gradients.grafts.get(seedId) ?? []);
      const total = each.reduce((sum, one) => addScaled(sum, one, 1));
      return [seedId, scaled(total, 1 / parts)] as const;
    }),
  );
  return {
    loss: mean(({ loss }) => loss),
    accuracy: mean(({ accuracy }) => accuracy),
    gradients: { host: scaled(host as HostParameters, 1 / parts), grafts },
    conflictRate: parts < 2 ? 0 : conflicts / (parts - 1),
  };
}

/**
 * The gradients of seeds in TRAINING: each is trained as if it were fully blended, on its own. The host's share of that
 * pass is thrown away, unless the fault lets it leak.
 */
function shadowTrain(
  state: TrainerState,
  batch: Batch,
  { own, leaks }: { readonly own: Gradients; readonly leaks: boolean },
): Gradients {
  let host = own.host;
  const grafts = new Map(own.grafts);
  for (const { seedId, stage } of state.seeds) {
    if (stage !== 'TRAINING') continue;
    const { gradients } = backpropagate(composeNetwork(state, seedId), batch);
    const weights = gradients.grafts.get(seedId);
    if (weights !== undefined) grafts.set(seedId, weights);
    if (leaks) host = addScaled(host, gradients.host, 0.5);
  }
  return { host, grafts };
}

const poisoned = (gradients: Gradients): Gradients => ({
  ...gradients,
  host: { ...gradients.host, 'fc2.weight': gradients.host['fc2.weight'].map(() => Number.NaN) },
});

function updateSeed(slot: SeedSlot, gradients: Gradients, step: { rate: number; momentum: number }): SeedSlot {
  const gradient = gradients.grafts.get(slot.seedId);
  if (slot.module === undefined || gradient === undefined) return slot;
  const velocity = addScaled(gradient, slot.module.velocity, step.momentum);
  const weights = addScaled(slot.module.weights, velocity, -step.rate);
  return { ...slot, module: { ...slot.module, weights, velocity }, gradientNorm: norm(gradient) };
}

function applyUpdate(
  state: TrainerState,
  gradients: Gradients,
  step: { rate: number; momentum: number },
): TrainerState {
  const velocity = addScaled(gradients.host, state.velocity, step.momentum);
  return {
    ...state,
    velocity,
    host: addScaled(state.host, velocity, -step.rate),
    seeds: state.seeds.map((slot) => updateSeed(slot, gradients, step)),
  };
}

const allFinite = ({ host, grafts }: Gradients): boolean =>
  Number.isFinite(norm(host)) && [...grafts.values()].every((weights) => Number.isFinite(norm(weights)));

/** One step of training: gradients, update, validation. Pure; the next state and what was measured. */
export function trainStep(
  state: TrainerState,
  input: { readonly batch: Batch; readonly validation: Batch; readonly faults: TrainingFaults },
  settings: TrainingSettings,
): { readonly state: TrainerState; readonly measures: StepMeasures } {
  const { batch, faults } = input;
  const own = averageOverMicrobatches(state, batch, settings.microbatches);
  const withSeeds = shadowTrain(state, batch, { own: own.gradients, leaks: faults.leakSeedGradients });
  const isolationViolations = tensorsThatDiffer(own.gradients.host, withSeeds.host);
  const gradients = faults.poisonGradients ? poisoned(withSeeds) : withSeeds;
  const rate = effectiveLearningRate(
    {
      learningRate: state.learningRate,
      faultFactor: faults.learningRateFactor,
      held: state.paused || state.conservative !== undefined,
    },
    settings,
  );
  const updateApplied = settings.nonFiniteGradients === 'apply' || allFinite(gradients);
  const updated = updateApplied ? applyUpdate(state, gradients, { rate, momentum: settings.momentum }) : state;
  const check = evaluate(composeNetwork(updated), input.validation);
  const { previousLoss } = state.smoothed;
  const measures: StepMeasures = {
    loss: own.loss,
    accuracy: own.accuracy,
    validationLoss: check.loss,
    validationAccuracy: check.accuracy,
    gradientNorm: norm(gradients.host),
    gradientConflictRate: own.conflictRate,
    isolationViolations,
    learningRate: rate,
    updateApplied,
    ...(previousLoss === undefined ? {} : { lossDelta: own.loss - previousLoss }),
  };
  return { state: { ...updated, step: state.step + 1, smoothed: smoothMeasures(state.smoothed, measures) }, measures };
}
