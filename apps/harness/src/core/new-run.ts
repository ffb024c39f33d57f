import { initialHost } from './initial-weights.js';
import type { NetworkShape } from './network.js';
import { randomStream } from './random.js';
import { zerosLike } from './tensors.js';
import type { SeedSlot, TrainerState } from './trainer-state.js';

const slot = (seedId: string, site: SeedSlot['site']): SeedSlot => ({
  seedId,
  site,
  stage: 'DORMANT',
  stageSteps: 0,
  ageSteps: 0,
});

/** The seeds of a run: two behind each hidden layer. */
const SEED_SLOTS: readonly SeedSlot[] = [
  slot('seed-fc1-a', 0),
  slot('seed-fc1-b', 0),
  slot('seed-fc2-a', 1),
  slot('seed-fc2-b', 1),
];

/** A run before its first step. */
export function newRun(
  shape: NetworkShape,
  run: { readonly seed: number; readonly learningRate: number },
): TrainerState {
  const host = initialHost(shape, randomStream(run.seed, 'host weights'));
  return {
    shape,
    host,
    velocity: zerosLike(host),
    seeds: SEED_SLOTS,
    learningRate: run.learningRate,
    step: 0,
    smoothed: { lossVariance: 0, gradientVariance: 0 },
    paused: false,
    breaker: 'CLOSED',
  };
}
