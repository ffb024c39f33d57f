import type { ScheduleShape } from '@esper/leyline';
import { assertNever } from '@esper/std';

/** When and how alpha rises. Steps are counted in steps that were not paused. */
export interface BlendRamp {
  readonly shape: ScheduleShape;
  /** The step at which alpha begins to rise. */
  readonly startStep: number;
  /** The step at which alpha is 1. At least {@link RAMP_STEPS_MIN} after the start. */
  readonly endStep: number;
  /** Alpha at the start, 0 to {@link FIRST_ALPHA_MAX}. */
  readonly firstAlpha: number;
}

/** No schedule, however narrow, may raise alpha from its start to 1 in fewer steps. */
export const RAMP_STEPS_MIN = 8;
/** A command's `alpha` beyond this is held to it. */
export const FIRST_ALPHA_MAX = 0.5;

/**
 * The ramp for a window given in fractions of the planned training time. A window that has begun already begins now; a
 * window that is too narrow is widened to {@link RAMP_STEPS_MIN}.
 */
export function planRamp(
  window: { readonly shape: ScheduleShape; readonly start: number; readonly end: number; readonly firstAlpha: number },
  run: { readonly step: number; readonly plannedSteps: number },
): BlendRamp {
  const startStep = Math.max(run.step, Math.round(window.start * run.plannedSteps));
  const endStep = Math.max(startStep + RAMP_STEPS_MIN, Math.round(window.end * run.plannedSteps));
  const firstAlpha = Math.min(FIRST_ALPHA_MAX, Math.max(0, window.firstAlpha));
  return { shape: window.shape, startStep, endStep, firstAlpha };
}

/** A paused step: what is still to come of the ramp is put off by one step, so that alpha stays where it is. */
export const holdRamp = (ramp: BlendRamp): BlendRamp => ({
  ...ramp,
  startStep: ramp.startStep + 1,
  endStep: ramp.endStep + 1,
});

/** Alpha at `step`: 0 up to the start, 1 from the end on, never falling in between. */
export function alphaAt(ramp: BlendRamp, step: number): number {
  if (step < ramp.startStep) return 0;
  if (step >= ramp.endStep) return 1;
  const progress = (step - ramp.startStep) / (ramp.endStep - ramp.startStep);
  return ramp.firstAlpha + (1 - ramp.firstAlpha) * shapeAt(ramp.shape, progress);
}

/** The shape's value at `progress` (0 to 1): 0 at 0, 1 at 1, never falling. */
export function shapeAt(shape: ScheduleShape, progress: number): number {
  switch (shape) {
    case 'linear':
      return progress;
    case 'cosine':
      return (1 - Math.cos(Math.PI * progress)) / 2;
    case 'warmup_hold':
      // Up during the first half of the window, then held while the network gets used to it.
      return Math.min(1, 2 * progress);
    default:
      return assertNever(shape, 'schedule shape');
  }
}
