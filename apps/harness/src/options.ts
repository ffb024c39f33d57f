import type { DatasetSize } from './core/dataset.js';
import type { EmergencyLimits } from './core/emergency.js';
import { checkFault, type Fault } from './core/fault-schedule.js';
import type { RingLimits } from './core/snapshot-ring.js';
import type { TrainingSettings } from './core/train-step.js';
import { HarnessError } from './errors.js';

/** How a run is trained and controlled. All optional but the run's id; defaults in brackets. */
export interface TrainerOptions {
  readonly trainingRunId: string;
  /** [`cldr-languages`] */
  readonly experimentName?: string;
  /** Of the run's whole randomness [1]. */
  readonly seed?: number;
  /** How many steps the run is meant to have; blend schedules are fractions of it [250]. */
  readonly plannedSteps?: number;
  /** Channels of the hidden layers [48]. */
  readonly width?: number;
  /** Samples per step; divisible by 4 [64]. */
  readonly batchSize?: number;
  /** [0.02] */
  readonly baseLearningRate?: number;
  /** [0.9] */
  readonly momentum?: number;
  /** Length of a feature vector [256]. */
  readonly featureCount?: number;
  /** [8,192] */
  readonly trainingSamples?: number;
  /** [640] */
  readonly validationSamples?: number;
  /** How many of them are looked at in each step [200]. */
  readonly validationSlice?: number;
  /** Names per sample [10]. */
  readonly namesPerSample?: number;
  /** What to do with gradients that are not finite [skip]. */
  readonly nonFiniteGradients?: 'skip' | 'apply';
  /** Time a decision may take [2,000]. */
  readonly decisionTimeoutMs?: number;
  /** Good decisions in a row that end the trainer's own caution [5]. */
  readonly goodDecisionsToRecover?: number;
  /** [5] */
  readonly snapshotEverySteps?: number;
  /** How old a snapshot must be before a rollback takes it [3]. */
  readonly snapshotMarginSteps?: number;
  /** [8] */
  readonly snapshotsMax?: number;
  /** All snapshots together [32 MiB]. */
  readonly snapshotBytesMax?: number;
  /** Steps between full checkpoints [25]. */
  readonly checkpointEverySteps?: number;
  /** [500] */
  readonly fastRestoreDeadlineMs?: number;
  /** [12,000] */
  readonly fullRestoreDeadlineMs?: number;
  /** Failed steps in a row that raise the emergency level by one [3]. */
  readonly failedStepsPerLevel?: number;
  /** Restores without a healthy step between them that stop the run [3]. */
  readonly restoresInVainMax?: number;
  /** CRITICAL events told per minute; more are counted [60]. */
  readonly emergenciesPerMinuteMax?: number;
  /** What is done to the run on purpose [nothing]. */
  readonly faults?: readonly Fault[];
}

/** Options with defaults filled in and every field checked. */
export interface ResolvedTrainerOptions {
  readonly trainingRunId: string;
  readonly experimentName: string;
  readonly seed: number;
  readonly plannedSteps: number;
  readonly width: number;
  readonly batchSize: number;
  readonly dataset: DatasetSize;
  readonly validationSlice: number;
  readonly training: TrainingSettings;
  readonly decisionTimeoutMs: number;
  readonly goodDecisionsToRecover: number;
  readonly snapshotEverySteps: number;
  readonly snapshotMarginSteps: number;
  readonly ring: RingLimits;
  readonly checkpointEverySteps: number;
  readonly fastRestoreDeadlineMs: number;
  readonly fullRestoreDeadlineMs: number;
  readonly emergency: EmergencyLimits & { readonly perMinuteMax: number };
  readonly faults: readonly Fault[];
}

/** Parts of a batch whose gradients are compared. */
const MICROBATCHES = 4;
const FAULTS_MAX = 256;

const invalid = (what: string): HarnessError => new HarnessError('HARNESS_OPTION_INVALID', what);

function whole(name: string, value: number, [least, most]: readonly [number, number]): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  throw invalid(`${name} must be a whole number from ${least} to ${most}, got ${value}`);
}

function real(name: string, value: number, [least, most]: readonly [number, number]): number {
  if (value >= least && value <= most) return value;
  throw invalid(`${name} must be a number from ${least} to ${most}, got ${value}`);
}

function runId(value: string): string {
  if (/^[A-Za-z0-9._-]{1,128}$/.test(value)) return value;
  throw invalid('trainingRunId must be 1 to 128 of A-Z a-z 0-9 . _ -');
}

function checkedFaults(faults: readonly Fault[]): readonly Fault[] {
  if (faults.length > FAULTS_MAX) throw invalid(`faults: at most ${FAULTS_MAX}, got ${faults.length}`);
  for (const fault of faults) {
    const checked = checkFault(fault);
    if (!checked.ok) throw invalid(`faults: ${checked.error}`);
  }
  return Object.freeze([...faults]);
}

const DEFAULTS = {
  experimentName: 'cldr-languages',
  seed: 1,
  plannedSteps: 250,
  width: 48,
  batchSize: 64,
  baseLearningRate: 0.02,
  momentum: 0.9,
  featureCount: 256,
  trainingSamples: 8192,
  validationSamples: 640,
  namesPerSample: 10,
  nonFiniteGradients: 'skip',
  decisionTimeoutMs: 2000,
  goodDecisionsToRecover: 5,
  snapshotEverySteps: 5,
  snapshotMarginSteps: 3,
  snapshotsMax: 8,
  snapshotBytesMax: 32 * 1024 * 1024,
  checkpointEverySteps: 25,
  fastRestoreDeadlineMs: 500,
  fullRestoreDeadlineMs: 12_000,
  failedStepsPerLevel: 3,
  restoresInVainMax: 3,
  emergenciesPerMinuteMax: 60,
  faults: [],
} as const satisfies Omit<TrainerOptions, 'trainingRunId'>;

type Complete = Required<TrainerOptions>;

/** The slice looked at in each step, unless there are fewer samples. */
const VALIDATION_SLICE = 200;

function withDefaults(given: TrainerOptions): Complete {
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const complete = { ...DEFAULTS, ...(present as unknown as TrainerOptions) };
  return { validationSlice: Math.min(VALIDATION_SLICE, complete.validationSamples), ...complete };
}

const datasetSize = (given: Complete): DatasetSize =>
  Object.freeze({
    featureCount: whole('featureCount', given.featureCount, [16, 4096]),
    trainingSamples: whole('trainingSamples', given.trainingSamples, [64, 65_536]),
    validationSamples: whole('validationSamples', given.validationSamples, [10, 16_384]),
    namesPerSample: whole('namesPerSample', given.namesPerSample, [1, 32]),
  });

function trainingSettings({ nonFiniteGradients, baseLearningRate, momentum }: Complete): TrainingSettings {
  if (nonFiniteGradients !== 'skip' && nonFiniteGradients !== 'apply') {
    throw invalid('nonFiniteGradients must be skip or apply');
  }
  return Object.freeze({
    baseLearningRate: real('baseLearningRate', baseLearningRate, [1e-6, 10]),
    momentum: real('momentum', momentum, [0, 0.999]),
    microbatches: MICROBATCHES,
    nonFiniteGradients,
  });
}

/** Defaults filled in, every field checked, frozen. Throws `HARNESS_OPTION_INVALID` with the field, value and range. */
export function resolveTrainerOptions(given: TrainerOptions): ResolvedTrainerOptions {
  const all = withDefaults(given);
  const dataset = datasetSize(all);
  const batchSize = whole('batchSize', all.batchSize, [MICROBATCHES, dataset.trainingSamples]);
  if (batchSize % MICROBATCHES !== 0) throw invalid(`batchSize must be divisible by ${MICROBATCHES}, got ${batchSize}`);
  return Object.freeze({
    trainingRunId: runId(all.trainingRunId),
    experimentName: all.experimentName,
    seed: whole('seed', all.seed, [0, 2 ** 32 - 1]),
    plannedSteps: whole('plannedSteps', all.plannedSteps, [1, 10_000_000]),
    width: whole('width', all.width, [2, 1024]),
    batchSize,
    dataset,
    validationSlice: whole('validationSlice', all.validationSlice, [1, dataset.validationSamples]),
    training: trainingSettings(all),
    decisionTimeoutMs: whole('decisionTimeoutMs', all.decisionTimeoutMs, [1, 600_000]),
    goodDecisionsToRecover: whole('goodDecisionsToRecover', all.goodDecisionsToRecover, [1, 10_000]),
    snapshotEverySteps: whole('snapshotEverySteps', all.snapshotEverySteps, [1, 100_000]),
    snapshotMarginSteps: whole('snapshotMarginSteps', all.snapshotMarginSteps, [0, 100_000]),
    ring: Object.freeze({
      snapshotsMax: whole('snapshotsMax', all.snapshotsMax, [1, 1024]),
      bytesMax: whole('snapshotBytesMax', all.snapshotBytesMax, [1, 2 ** 31]),
    }),
    checkpointEverySteps: whole('checkpointEverySteps', all.checkpointEverySteps, [1, 100_000]),
    fastRestoreDeadlineMs: whole('fastRestoreDeadlineMs', all.fastRestoreDeadlineMs, [1, 600_000]),
    fullRestoreDeadlineMs: whole('fullRestoreDeadlineMs', all.fullRestoreDeadlineMs, [1, 600_000]),
    emergency: Object.freeze({
      failedStepsPerLevel: whole('failedStepsPerLevel', all.failedStepsPerLevel, [1, 1_000_000]),
      restoresInVainMax: whole('restoresInVainMax', all.restoresInVainMax, [1, 10_000]),
      perMinuteMax: whole('emergenciesPerMinuteMax', all.emergenciesPerMinuteMax, [0, 10_000]),
    }),
    faults: checkedFaults(all.faults),
  });
}
