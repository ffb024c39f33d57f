import { z } from 'zod';
import type { ControlPair } from '../core/control-pairs.js';

const whole = z.int().min(0);
const ending = z.strictObject({ accuracy: z.number(), lost: z.boolean(), stepsLost: whole, stepsPaused: whole });

/** `bySeed` in the metrics of `control-value`, as an earlier run has written it. */
export const controlPairsSchema: z.ZodType<readonly ControlPair[]> = z.array(
  z.strictObject({ seed: whole, alone: ending, controlled: ending, falsePauses: whole, followed: whole.optional() }),
);
