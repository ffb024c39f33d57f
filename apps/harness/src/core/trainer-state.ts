import type { BlendMode, CircuitState, SeedStage } from '@esper/leyline';
import type { BlendFactors } from './blend-mode.js';
import type { BlendRamp } from './blend-schedule.js';
import type { BlockParameters } from './block.js';
import type { BlueprintId } from './blueprints.js';
import type { GraftSite, HostParameters, NetworkShape } from './network.js';

/** What germination gives a seed: its block and how that is to be blended. */
export interface SeedModule {
  readonly blueprintId: BlueprintId;
  readonly rank: number;
  readonly weights: BlockParameters;
  readonly velocity: BlockParameters;
  readonly mode: BlendMode;
  readonly blend: BlendFactors;
  /** The window of the command; becomes `ramp` when blending begins. */
  readonly window: {
    readonly shape: BlendRamp['shape'];
    readonly start: number;
    readonly end: number;
    readonly firstAlpha: number;
  };
  readonly ramp?: BlendRamp;
  /** 0 to 1. */
  readonly alpha: number;
  /** Smoothed validation loss when the seed germinated: what probation compares with. */
  readonly baselineLoss: number;
}

/** One place for a seed, and the life of the seed in it. */
export interface SeedSlot {
  readonly seedId: string;
  readonly site: GraftSite;
  readonly stage: SeedStage;
  readonly stageSteps: number;
  /** Steps since germination. */
  readonly ageSteps: number;
  readonly module?: SeedModule;
  /** Length of the seed's last gradient; absent while it has none. */
  readonly gradientNorm?: number;
}

/** Smoothed measurements, factor 0.2, beginning with the first value. Values that are not finite are left out. */
export interface Smoothed {
  readonly lossEwma?: number;
  readonly lossVariance: number;
  readonly validationEwma?: number;
  /** The lowest `validationEwma` so far: what healthy weights are measured against. */
  readonly validationBest?: number;
  readonly gradientEwma?: number;
  readonly gradientVariance: number;
  readonly previousLoss?: number;
}

/** What is restored by a rollback: everything that training changes and nothing else. */
export interface LearnedState {
  readonly host: HostParameters;
  readonly velocity: HostParameters;
  readonly seeds: readonly SeedSlot[];
  readonly learningRate: number;
  readonly smoothed: Smoothed;
}

/** A training run between two steps. An immutable value. */
export interface TrainerState extends LearnedState {
  readonly shape: NetworkShape;
  /** Steps that were trained; never goes back, also not by a rollback. */
  readonly step: number;
  readonly paused: boolean;
  /** Present while the trainer is conservative by itself. */
  readonly conservative?: { readonly reason: string; readonly goodDecisionsLeft: number };
  /** The breaker of the seed bank. */
  readonly breaker: CircuitState;
  /** The seed whose life decides what a half-open breaker does. */
  readonly probeSeedId?: string;
  readonly halted?: { readonly reason: string };
}
