import type { BreakerLimits } from './breaker/limits.js';
import type { EvaluatorMode, EvaluatorName } from './evaluators/names.js';
import type { SignalName, SignalPolicy } from './signals/signal-table.js';

/** When conservative mode may end, and when failures alone start it. All conditions must hold. */
export interface ConservativeLimits {
  /** Consecutive decisions without any finding, 0 or more. */
  readonly goodDecisionsMin: number;
  /** Time since the latest trigger, in milliseconds of watched time. */
  readonly dwellMs: number;
  /** Decisions since the latest trigger. For profiles whose steps are much faster than real training. */
  readonly dwellDecisions: number;
  /** Decisions that failed one after another before the mode is entered, at least 1. */
  readonly failedDecisionsMax: number;
}

/** One dimension of the multi-signal score: 0 at `base`, 1 at `emergency`, linear between. */
export interface RiskDimension {
  readonly base: number;
  readonly emergency: number;
  /** Share of the combined score, 0 to 1; the shares of the dimensions that are known are scaled to 1. */
  readonly weight: number;
}

export const RISK_DIMENSIONS = ['gradient', 'performance', 'resource', 'latency', 'lifecycle'] as const;
export type RiskDimensionName = (typeof RISK_DIMENSIONS)[number];

/** Combined scores from which a level holds. Below `yellow` all is GREEN. */
export interface RiskLevelLimits {
  readonly yellow: number;
  readonly orange: number;
  readonly red: number;
  readonly critical: number;
}

/** Adaptive `base` values of the multi-signal dimensions. They never touch the catalogue's thresholds. */
export interface AdaptiveLimits {
  readonly mode: 'off' | 'shadow' | 'enforce';
  /** Decisions per window. */
  readonly windowDecisions: number;
  /** Windows in a row that must agree before the ratio moves. */
  readonly agreeingWindowsMin: number;
  /** How fast the ratio moves to its target, 0 (at once) to 1 (never). */
  readonly decay: number;
  readonly ratioMin: number;
  readonly ratioMax: number;
  /** Smaller changes are not applied. */
  readonly changeMin: number;
  /** Stability above which thresholds widen, and below which they tighten. */
  readonly stableMin: number;
  readonly unstableMax: number;
}

/** When critical risk after an adaptation asks for a rollback. */
export interface RollbackLimits {
  /** A loss delta strictly above it is critical. */
  readonly lossDeltaMax: number;
  /** How many decisions back an adaptation is a suspect. */
  readonly recentDecisions: number;
  /** Directives per run; when they are spent the finding asks for a pause. */
  readonly directivesMax: number;
  readonly tier: 'fast' | 'full';
}

/** How often the engine may pause a run by itself. Spending it never allows more: it calls for somebody. */
export interface PauseQuotaLimits {
  readonly mode: 'off' | 'shadow' | 'enforce';
  /** Pauses per window, 1 to 64. */
  readonly pausesMax: number;
  readonly windowMs: number;
  /** `page` raises a CRITICAL event; `emergency` turns the pause into an EMERGENCY command as well. */
  readonly escalation: 'page' | 'emergency';
}

/** Does the predicted risk come true? Kept as counts per band of predicted risk. */
export interface CalibrationLimits {
  /** Decisions remembered; older ones fade by halves. */
  readonly windowDecisions: number;
  /** Below this many decisions nothing is claimed. */
  readonly samplesMin: number;
  /** A larger gap between predicted and observed is reported. */
  readonly errorMax: number;
}

/** Everything a decision depends on besides its inputs. Resolved once by `resolveRiskConfig`, frozen. */
export interface RiskConfig {
  readonly profile: string;
  readonly evaluators: Readonly<Record<EvaluatorName, EvaluatorMode>>;
  readonly signals: Readonly<Record<SignalName, SignalPolicy>>;
  readonly policyRisk: { readonly criticalMin: number; readonly elevatedMin: number };
  readonly blueprint: { readonly quarantineMin: number; readonly elevatedMin: number };
  /** `required`: a sheet without a valid signature holds a SEED. `optional`: only an invalid one does. */
  readonly sheet: { readonly signature: 'optional' | 'required' };
  /** `spikeMax` is the largest tolerated loss delta; the ratios are fractions of it. */
  readonly loss: { readonly spikeMax: number; readonly warningRatio: number; readonly volatilityRatio: number };
  readonly latency: {
    readonly hookMsMax: number;
    readonly stepMsMax: number;
    readonly applyMsMax: number;
    readonly finalizeMsMax: number;
  };
  readonly isolation: { readonly violationsMax: number };
  readonly device: {
    readonly gpuUtilPercentMin: number;
    readonly gpuFreeGbMax: number;
    readonly cpuUtilPercentMin: number;
  };
  readonly optimizer: {
    readonly gradVarianceMax: number;
    readonly gradConflictRateMax: number;
    readonly learningRateMax: number;
  };
  readonly coverage: { readonly warnMin: number; readonly criticalMax: number };
  /** The optimizer a downgraded SEED becomes. */
  readonly downgradeOptimizerId: string;
  readonly conservative: ConservativeLimits;
  /** Breakers by name. A name without limits is refused. */
  readonly breakers: Readonly<Record<string, BreakerLimits>>;
  readonly multiSignal: {
    readonly dimensions: Readonly<Record<RiskDimensionName, RiskDimension>>;
    readonly levels: RiskLevelLimits;
    /** So many dimensions above 0.8 are critical whatever the combined score. */
    readonly hotDimensionsMax: number;
  };
  /** The design's safety validation: beyond these a SEED is blocked (memory) or the value is announced. */
  readonly validation: {
    readonly lossVarianceMax: number;
    readonly memoryRatioMax: number;
    readonly gradientNormMax: number;
  };
  readonly adaptive: AdaptiveLimits;
  readonly rollback: RollbackLimits;
  readonly pauseQuota: PauseQuotaLimits;
  readonly calibration: CalibrationLimits;
  /** SHA-256 of the canonical form, hex, when the host has computed it; copied into each command's metadata. */
  readonly digest?: string;
}
