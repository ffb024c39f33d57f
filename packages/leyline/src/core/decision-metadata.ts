import type { BlendMode, ScheduleShape } from './enums.js';

/** Why a command is what it is, typed (requirement G-16). The text annotations say the same for older consumers. */
export interface DecisionMetadata {
  readonly policy?: PolicyMetadata;
  readonly risk?: RiskMetadata;
  readonly blend?: BlendMetadata;
  readonly coverage?: CoverageMetadata;
  readonly selection?: SelectionMetadata;
  readonly security?: SecurityMetadata;
}

export interface PolicyMetadata {
  /** For example `tamiyo_gnn_v1`. */
  readonly architecture: string;
  /** SHA-256 of the policy bundle's manifest, hex. */
  readonly bundleDigest: string;
  /** Index of the chosen action class. */
  readonly actionIndex: number;
  readonly paramDelta: number;
  readonly valueEstimate: number;
  readonly riskIndex: number;
  /** Expected severity over all classes, 0 (safe) to 1. */
  readonly riskScore: number;
  /** Probability of each risk class, safest first. */
  readonly riskDistribution: readonly number[];
}

export interface RiskMetadata {
  /** The deciding reason; `policy` when nothing was found. */
  readonly reason: string;
  /** Every reason that was found, deciding one included. */
  readonly reasons: readonly string[];
  readonly conservative: boolean;
  /** True when the final command differs from the one the policy proposed. */
  readonly changed: boolean;
  /** SHA-256 of the configuration in force, hex. */
  readonly configDigest?: string;
}

export interface BlendMetadata {
  readonly shape: ScheduleShape;
  /** Fractions of training time, 0..1, start ≤ end. */
  readonly scheduleStart: number;
  readonly scheduleEnd: number;
  readonly mode?: BlendMode;
  readonly source?: 'policy' | 'override' | 'heuristic';
}

export interface CoverageMetadata {
  /** Present over expected features, 0..1; missing counts as 0. */
  readonly ratio: number;
  /** The same per feature family, for example `node.seed`, `edges.layer_connects`. */
  readonly byType: Readonly<Record<string, number>>;
}

export interface SelectionMetadata {
  readonly seedIndex?: number;
  readonly seedScore?: number;
  readonly blueprintIndex?: number;
  readonly blueprintScore?: number;
}

export interface SecurityMetadata {
  readonly keyIds: readonly string[];
  readonly freshnessWindowMs: number;
}
