import type { AdaptationCommand } from '@esper/leyline';
import { type TrainerEvent, trainerEvent } from './trainer-event.js';

/**
 * How fast each kind of intervention must be in place, from the arrival of its bytes (RB-15). These are objectives: one that is
 * late is told and counted. The limits of the two restore tiers, which halt, are options of their own.
 */
export const EMERGENCY_GRADES = {
  freeze: { deadlineMs: 100, means: 'Structure is frozen, or training is stopped: PAUSE, EMERGENCY.' },
  fast: { deadlineMs: 500, means: 'Weights are back from memory, or from disk when memory failed.' },
  full: { deadlineMs: 2_000, means: 'Weights are back from disk.' },
  tune: { deadlineMs: 5_000, means: 'The optimizer is adjusted.' },
} as const;

/** A kind of intervention with a deadline. */
export type EmergencyGrade = keyof typeof EMERGENCY_GRADES;

/** The grade of a command; commands that intervene in nothing have none. */
export function gradeOf({ commandType, rollback }: AdaptationCommand): EmergencyGrade | undefined {
  if (commandType === 'PAUSE' || commandType === 'EMERGENCY') return 'freeze';
  if (commandType === 'ROLLBACK') return rollback?.tier === 'full' ? 'full' : 'fast';
  return commandType === 'OPTIMIZER' ? 'tune' : undefined;
}

/** What is told of an intervention that took `tookMs`: nothing when it was in time. */
export function lateness(grade: EmergencyGrade, tookMs: number, step: number): readonly TrainerEvent[] {
  const { deadlineMs } = EMERGENCY_GRADES[grade];
  if (tookMs <= deadlineMs) return [];
  const attributes = { grade, took_ms: tookMs.toFixed(3), deadline_ms: String(deadlineMs) };
  return [trainerEvent('tolaria.emergency.late', step, attributes)];
}
