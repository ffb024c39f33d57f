import { type TrainerEvent, trainerEvent } from './trainer-event.js';

/** What an emergency rises through, from nothing to the end of training; the index is the level (RB-10). */
export const EMERGENCY_LEVELS = ['none', 'notice', 'caution', 'restore', 'halt'] as const;

/** The level at which training stops for good. */
export const HALT_LEVEL = EMERGENCY_LEVELS.length - 1;
const RESTORE_LEVEL = HALT_LEVEL - 1;

/** How far a run's trouble has risen. The level never falls: it is the worst that was reached. */
export interface EmergencyState {
  readonly level: number;
  /** Steps in a row that trained nothing: their update was skipped, or validation was no number after it. */
  readonly failedSteps: number;
  /** Restores since the last healthy step. */
  readonly restoresInVain: number;
}

export const NO_EMERGENCY: EmergencyState = { level: 0, failedSteps: 0, restoresInVain: 0 };

export interface EmergencyLimits {
  /** So many failed steps in a row raise the level by one, as many again by one more. */
  readonly failedStepsPerLevel: number;
  /** So many restores without a healthy step between them stop the run. */
  readonly restoresInVainMax: number;
}

/** The next state, what is to be told, and why training must stop, if it must. */
export interface EmergencyChange {
  readonly state: EmergencyState;
  readonly events: readonly TrainerEvent[];
  readonly halts?: string;
}

/** How a step went, as far as emergencies care. */
export interface StepHealth {
  readonly step: number;
  readonly failed: boolean;
  /** Its weights are worth keeping. */
  readonly healthy: boolean;
  /** A restore was confirmed in it. */
  readonly restored: boolean;
}

/** Folds one finished step into the emergency. Pure. */
export function afterStep(before: EmergencyState, at: StepHealth, limits: EmergencyLimits): EmergencyChange {
  const failedSteps = at.failed ? before.failedSteps + 1 : 0;
  const restoresInVain = (at.healthy ? 0 : before.restoresInVain) + (at.restored ? 1 : 0);
  const causes: readonly Cause[] = [
    { level: restoresInVain >= limits.restoresInVainMax ? HALT_LEVEL : 0, reason: 'restores_in_vain' },
    { level: at.restored ? RESTORE_LEVEL : 0, reason: 'restored' },
    { level: Math.min(HALT_LEVEL, Math.floor(failedSteps / limits.failedStepsPerLevel)), reason: 'failed_steps' },
  ];
  return risen(before, { ...before, failedSteps, restoresInVain }, { step: at.step, causes });
}

/** A level that something asks for, and why. */
interface Cause {
  readonly level: number;
  readonly reason: string;
}

/** The gravest cause decides, the first of equals; one that is no graver than what was reached changes nothing. */
function risen(
  before: EmergencyState,
  counted: EmergencyState,
  { step, causes }: { readonly step: number; readonly causes: readonly Cause[] },
): EmergencyChange {
  const gravest = causes.reduce((most, cause) => (cause.level > most.level ? cause : most));
  if (gravest.level <= before.level) return { state: counted, events: [] };
  const { level, reason } = gravest;
  const change = { state: { ...counted, level }, events: [raised(step, level, reason)] };
  return level === HALT_LEVEL ? { ...change, halts: reason } : change;
}

/** The run was stopped by something else: that is the highest level. */
export function afterHalt(before: EmergencyState, step: number, reason: string): EmergencyChange {
  const { state, events } = risen(before, before, { step, causes: [{ level: HALT_LEVEL, reason }] });
  return { state, events };
}

const raised = (step: number, level: number, reason: string): TrainerEvent =>
  trainerEvent('tolaria.emergency.level', step, {
    level: `L${level}`,
    name: EMERGENCY_LEVELS[level] as string,
    reason,
  });
