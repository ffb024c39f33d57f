import type { LearnedState, SeedSlot, TrainerState } from './trainer-state.js';

function putOff(slot: SeedSlot, steps: number): SeedSlot {
  const { module } = slot;
  if (module?.ramp === undefined) return slot;
  const ramp = { ...module.ramp, startStep: module.ramp.startStep + steps, endStep: module.ramp.endStep + steps };
  return { ...slot, module: { ...module, ramp } };
}

/**
 * The run with what it had learned at `fromStep` put back. The step goes on counting; blend schedules are put off by the
 * steps that were lost, so that alpha goes on from where it was. Pause, breaker and caution stay as they are.
 */
export function withLearnedState(state: TrainerState, learned: LearnedState, fromStep: number): TrainerState {
  const { host, velocity, learningRate, smoothed } = learned;
  return {
    ...state,
    host,
    velocity,
    learningRate,
    smoothed,
    seeds: learned.seeds.map((slot) => putOff(slot, state.step - fromStep)),
  };
}

/** What of a run a snapshot keeps. */
export const learnedStateOf = ({ host, velocity, seeds, learningRate, smoothed }: TrainerState): LearnedState => ({
  host,
  velocity,
  seeds,
  learningRate,
  smoothed,
});
