import { SCHEDULE_SHAPES, type ScheduleShape } from '@esper/leyline';
import type { NetworkOutputs } from '../network/outputs.js';
import { argMax } from './arg-max.js';

/** How, from when and until when alpha moves. */
export interface BlendSchedule {
  readonly shape: ScheduleShape;
  readonly shapeIndex: number;
  /** Fractions of training time, 0 ≤ start ≤ end ≤ 1. */
  readonly start: number;
  readonly end: number;
}

/** Shape from the blending head, window from the two tanh outputs of the schedule head (PB-08, PB-11). */
export function blendSchedule({ blendingLogits, schedule }: NetworkOutputs): BlendSchedule {
  const shapeIndex = argMax(blendingLogits)?.index ?? 0;
  const first = fraction(schedule[0] as number);
  const second = fraction(schedule[1] as number);
  return {
    shape: SCHEDULE_SHAPES[shapeIndex] as ScheduleShape,
    shapeIndex,
    start: Math.min(first, second),
    end: Math.max(first, second),
  };
}

const fraction = (raw: number): number => Math.min(1, Math.max(0, 0.5 * (raw + 1)));
