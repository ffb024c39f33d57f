import type { SeedStage } from '@esper/leyline';
import { err, ok, type Result } from '@esper/std';

/** From each stage of a seed's life, the stages that may follow. Everything else is refused. */
export const SEED_TRANSITIONS: Readonly<Record<SeedStage, readonly SeedStage[]>> = {
  UNKNOWN: [],
  DORMANT: ['GERMINATED'],
  GERMINATED: ['TRAINING', 'CULLED'],
  TRAINING: ['BLENDING', 'CULLED'],
  BLENDING: ['SHADOWING', 'CULLED'],
  SHADOWING: ['PROBATIONARY', 'CULLED'],
  PROBATIONARY: ['FOSSILIZED', 'CULLED'],
  FOSSILIZED: ['TERMINATED'],
  CULLED: ['EMBARGOED'],
  EMBARGOED: ['RESETTING'],
  RESETTING: ['DORMANT'],
  TERMINATED: [],
};

/** How many steps a seed spends in a stage that ends by itself. BLENDING ends when alpha is 1. */
export const STAGE_STEPS = {
  GERMINATED: 1,
  TRAINING: 12,
  SHADOWING: 5,
  PROBATIONARY: 10,
  CULLED: 1,
  EMBARGOED: 20,
  RESETTING: 1,
} as const;

/** The stages in which a seed's block is part of the network's output. */
export const BLENDED_STAGES: readonly SeedStage[] = ['BLENDING', 'SHADOWING', 'PROBATIONARY', 'FOSSILIZED'];

/** The next stage, or `illegal_transition`. */
export function transition(from: SeedStage, to: SeedStage): Result<SeedStage, 'illegal_transition'> {
  return SEED_TRANSITIONS[from].includes(to) ? ok(to) : err('illegal_transition');
}
