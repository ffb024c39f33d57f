import type { NetworkOutputs } from '../network/outputs.js';
import type { BlueprintCandidate } from '../observe/blueprint-candidates.js';
import type { Observation } from '../observe/observation.js';
import type { SeedCandidate } from '../observe/seed-candidates.js';
import { argMax } from './arg-max.js';

interface Picked<Candidate> {
  /** Row in the graph. */
  readonly index: number;
  /** The network's raw score. */
  readonly score: number;
  readonly candidate: Candidate;
}

/** The seed and the blueprint a graft would use now; `undefined` where no candidate is eligible. */
export interface Selection {
  readonly seed: Picked<SeedCandidate> | undefined;
  readonly blueprint: Picked<BlueprintCandidate> | undefined;
}

/** Highest network score among the eligible, first on ties. There is no second opinion to fall back on: every row has a score. */
export const select = (outputs: NetworkOutputs, { seeds, blueprints }: Observation): Selection => ({
  seed: pick(outputs.seedScores, seeds),
  blueprint: pick(outputs.blueprintScores, blueprints),
});

function pick<Candidate extends { readonly eligibility: string }>(
  scores: Float32Array,
  candidates: readonly Candidate[],
): Picked<Candidate> | undefined {
  const best = argMax(scores, (index) => candidates[index]?.eligibility === 'eligible');
  if (best === undefined) return undefined;
  return { index: best.index, score: best.value, candidate: candidates[best.index] as Candidate };
}
