import type { CircuitState, SeedStage } from '@esper/leyline';
import { invariant } from '@esper/std';
import { alphaAt, holdRamp, planRamp } from './blend-schedule.js';
import { STAGE_STEPS, transition } from './seed-lifecycle.js';
import { type TrainerEvent, trainerEvent } from './trainer-event.js';
import type { SeedSlot, TrainerState } from './trainer-state.js';

/** A seed may cost this much validation loss, as a share of what it was before it germinated. */
const PROBATION_TOLERANCE = 0.25;

/** The slot in another stage. Throws `InvariantError` when the life of a seed has no such step. */
export function enterStage(slot: SeedSlot, to: SeedStage): SeedSlot {
  invariant(transition(slot.stage, to).ok, `seed ${slot.seedId}: ${slot.stage} to ${to}`);
  const moved: SeedSlot = { ...slot, stage: to, stageSteps: 0 };
  if (to !== 'CULLED') return moved;
  const { module: _gone, gradientNorm: _with, ...rest } = moved;
  return rest;
}

/** Stages that end after their time, and what follows them. */
const TIMED: Readonly<Partial<Record<SeedStage, { readonly steps: number; readonly next: SeedStage }>>> = {
  GERMINATED: { steps: STAGE_STEPS.GERMINATED, next: 'TRAINING' },
  TRAINING: { steps: STAGE_STEPS.TRAINING, next: 'BLENDING' },
  SHADOWING: { steps: STAGE_STEPS.SHADOWING, next: 'PROBATIONARY' },
  CULLED: { steps: STAGE_STEPS.CULLED, next: 'EMBARGOED' },
  EMBARGOED: { steps: STAGE_STEPS.EMBARGOED, next: 'RESETTING' },
  RESETTING: { steps: STAGE_STEPS.RESETTING, next: 'DORMANT' },
};

function stageThatFollows(slot: SeedSlot, validationLoss: number | undefined): SeedStage | undefined {
  const timed = TIMED[slot.stage];
  if (timed !== undefined) return slot.stageSteps >= timed.steps ? timed.next : undefined;
  if (slot.stage === 'BLENDING') return slot.module?.alpha === 1 ? 'SHADOWING' : undefined;
  const judged = slot.stage === 'PROBATIONARY' && slot.stageSteps >= STAGE_STEPS.PROBATIONARY;
  return judged ? probationVerdict(slot, validationLoss) : undefined;
}

/** Kept when the smoothed validation loss is no worse than before, within the tolerance; unknown is not good. */
function probationVerdict(slot: SeedSlot, validationLoss: number | undefined): SeedStage {
  const limit = (slot.module?.baselineLoss ?? 0) * (1 + PROBATION_TOLERANCE) + 0.02;
  return validationLoss !== undefined && validationLoss <= limit ? 'FOSSILIZED' : 'CULLED';
}

function raiseAlpha(slot: SeedSlot, run: { readonly step: number; readonly plannedSteps: number }): SeedSlot {
  const { module } = slot;
  if (slot.stage !== 'BLENDING' || module === undefined) return slot;
  const ramp = module.ramp ?? planRamp(module.window, run);
  return { ...slot, module: { ...module, ramp, alpha: alphaAt(ramp, run.step) } };
}

function holdSlot(slot: SeedSlot): SeedSlot {
  const { module } = slot;
  return module?.ramp === undefined ? slot : { ...slot, module: { ...module, ramp: holdRamp(module.ramp) } };
}

/** A half-open breaker is decided by its probe: closed when the probe is fully blended, opened when it is culled. */
function breakerAfter(state: TrainerState, moved: SeedSlot): CircuitState {
  if (state.breaker !== 'HALF_OPEN' || moved.seedId !== state.probeSeedId) return state.breaker;
  if (moved.stage === 'SHADOWING') return 'CLOSED';
  return moved.stage === 'CULLED' ? 'OPEN' : state.breaker;
}

/**
 * The end of a step for the seeds: alpha follows its schedule, stages follow each other. With the structure frozen
 * (paused, or the trainer is conservative) nothing moves and schedules are put off.
 */
export function advanceSeeds(
  state: TrainerState,
  run: { readonly plannedSteps: number },
): { readonly state: TrainerState; readonly events: readonly TrainerEvent[] } {
  if (state.paused || state.conservative !== undefined) {
    return { state: { ...state, seeds: state.seeds.map(holdSlot) }, events: [] };
  }
  const events: TrainerEvent[] = [];
  let breaker = state.breaker;
  const seeds = state.seeds.map((slot) => {
    const older = {
      ...slot,
      stageSteps: slot.stageSteps + 1,
      ageSteps: slot.module === undefined ? 0 : slot.ageSteps + 1,
    };
    const raised = raiseAlpha(older, { step: state.step, plannedSteps: run.plannedSteps });
    const next = stageThatFollows(raised, state.smoothed.validationEwma);
    if (next === undefined) return raised;
    const moved = enterStage(raised, next);
    breaker = breakerAfter({ ...state, breaker }, moved);
    events.push(trainerEvent('kasmina.seed_stage', state.step, { seed_id: slot.seedId, from: slot.stage, to: next }));
    return moved;
  });
  if (breaker !== state.breaker) {
    events.push(trainerEvent('kasmina.breaker', state.step, { from: state.breaker, to: breaker, cause: 'probe' }));
  }
  return { state: { ...state, seeds, breaker }, events };
}
