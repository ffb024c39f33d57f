import { finiteSignal, SEED_STAGES, type SeedStage, type SeedState } from '@esper/leyline';
import { isBlank } from './blank.js';

/** Why a seed can, or cannot, be the target of a graft. */
export type SeedEligibility = 'eligible' | 'blank_id' | 'stage_forbids' | 'risk_unknown';

/** One seed of the packet as the decoder sees it. Its place in the list is its row in the graph. */
export interface SeedCandidate {
  readonly seedId: string;
  readonly stage: SeedStage;
  /** Stage number over the largest one, 0..1. */
  readonly stageFraction: number;
  /** 0..1; `undefined` when none was sent or it was bad. */
  readonly risk: number | undefined;
  /** Whether this seed's blend may be changed now. */
  readonly blendAllowed: boolean;
  readonly eligibility: SeedEligibility;
}

/** A slot that holds nothing yet. Grafting onto a live, finished or dead seed would replace or revive it (P-D13). */
const GERMINABLE: ReadonlySet<SeedStage> = new Set(['DORMANT']);
/** Stages in which a seed blends, or has blended, into its host. */
const BLENDING: ReadonlySet<SeedStage> = new Set(['BLENDING', 'SHADOWING', 'PROBATIONARY', 'FOSSILIZED']);
/** Whatever their metrics claim: the executing side reports `blend_allowed` for dead seeds too. */
const DEAD: ReadonlySet<SeedStage> = new Set(['CULLED', 'EMBARGOED', 'RESETTING', 'TERMINATED']);
const STAGE_MAX = Math.max(...Object.values(SEED_STAGES));

export function seedCandidate(seed: SeedState): SeedCandidate {
  return {
    seedId: seed.seedId,
    stage: seed.stage,
    stageFraction: SEED_STAGES[seed.stage] / STAGE_MAX,
    risk: clampedRisk(seed.riskScore),
    blendAllowed: blendAllowed(seed),
    eligibility: eligibility(seed),
  };
}

/** Deny wins: an explicit 0, a bad value or a dead stage deny; then an explicit permission; then the stage. */
function blendAllowed(seed: SeedState): boolean {
  if (DEAD.has(seed.stage)) return false;
  const sent = seed.metrics['blend_allowed'];
  if (sent === undefined) return BLENDING.has(seed.stage);
  const value = finiteSignal(sent);
  return value !== undefined && value > 0;
}

function eligibility(seed: SeedState): SeedEligibility {
  if (isBlank(seed.seedId)) return 'blank_id';
  if (!GERMINABLE.has(seed.stage)) return 'stage_forbids';
  return seed.riskScore !== undefined && finiteSignal(seed.riskScore) === undefined ? 'risk_unknown' : 'eligible';
}

const clampedRisk = (signal: SeedState['riskScore']): number | undefined => {
  const value = finiteSignal(signal);
  return value === undefined ? undefined : Math.min(1, Math.max(0, value));
};
