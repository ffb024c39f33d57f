import type { SeedState } from '@esper/leyline';
import type { Feature } from './feature-column.js';
import type { SeedCandidate } from './seed-candidates.js';

/** A seed of the packet with what was derived from it. */
export interface SeedRow {
  readonly state: SeedState;
  readonly candidate: SeedCandidate;
  /** Registry index over the table size. */
  readonly identity: number | undefined;
}

/** Columns of a seed node. `layersMax` is what a depth is measured against; deeper ones read 1 (P-D31). */
export const seedFeatures = (layersMax: number): readonly Feature<SeedRow>[] => [
  {
    key: 'seed.learning_rate',
    column: 0,
    maskColumn: 1,
    statistic: 'seed.learning_rate',
    evidence: true,
    bounds: [0, Infinity],
    signal: ({ state }) => state.learningRate,
  },
  {
    key: 'seed.risk',
    column: 2,
    maskColumn: 3,
    statistic: 'seed.risk',
    evidence: true,
    signal: ({ state, candidate }) => candidate.risk ?? state.riskScore,
  },
  {
    key: 'seed.gradient_norm',
    column: 4,
    maskColumn: 5,
    statistic: 'seed.gradient_norm',
    evidence: true,
    bounds: [0, Infinity],
    signal: ({ state }) => state.gradientNorm,
  },
  {
    key: 'seed.age',
    column: 6,
    maskColumn: 7,
    statistic: 'seed.age',
    evidence: true,
    signal: ({ state }) => state.ageEpochs,
  },
  {
    key: 'seed.stage',
    column: 8,
    maskColumn: 9,
    evidence: false,
    signal: ({ candidate }) => (candidate.stage === 'UNKNOWN' ? undefined : candidate.stageFraction),
  },
  {
    key: 'seed.layer_depth',
    column: 10,
    maskColumn: 11,
    evidence: true,
    signal: ({ state }) => state.layerDepth,
    scale: (depth) => Math.min(1, depth / Math.max(1, layersMax)),
  },
  { key: 'seed.embedding', column: 12, evidence: false, signal: ({ identity }) => identity },
  {
    key: 'seed.blend_allowed',
    column: 13,
    evidence: false,
    signal: ({ candidate }) => (candidate.blendAllowed ? 1 : 0),
  },
];
