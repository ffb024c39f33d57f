import type { HardwareContext, SeedState, Signal, SystemStatePacket } from '@esper/leyline';
import { isBlended } from './compose-network.js';
import type { StepMeasures } from './train-step.js';
import type { SeedSlot, TrainerState } from './trainer-state.js';

/** What a trainer measures about time, in milliseconds. Sent with the *next* packet: known when it is built (D-28). */
export interface StepTimings {
  /** The whole step, waiting for the decision included. */
  readonly stepMs: number;
  /** What being controlled costs the trainer itself: packet, verification, execution, seeds; not the waiting. */
  readonly hookMs: number;
  /** From the packet sent to the decision received; absent when none came. */
  readonly tamiyoMs?: number;
  /** Verification and execution of the command; absent when there was none. */
  readonly applyMs?: number;
  readonly finalizeMs: number;
  /** Making the batch. */
  readonly inputWaitMs: number;
}

/** Counters of the run, as sent. */
export interface PacketCounters {
  readonly rejectedCommands: number;
  readonly tamiyoTimeouts: number;
  /** How long the last decision that timed out was waited for; absent before the first. */
  readonly lastTimeoutMs?: number;
}

/** What a packet says beside the state of training. */
export interface PacketContext {
  readonly trainingRunId: string;
  /** Differs between two starts of the same run, so that no packet id comes twice: packet ids are keys of idempotency. */
  readonly instance: string;
  readonly experimentName: string;
  readonly stepsPerEpoch: number;
  readonly batchSize: number;
  readonly momentum: number;
  readonly wallMs: number;
  /** The previous step's; absent on the first. */
  readonly timings?: StepTimings;
  readonly counters: PacketCounters;
  readonly hardware?: HardwareContext;
  /** This process's share of all processors, 0 to 100. */
  readonly cpuUtilPercent?: number;
}

/** The metric keys of a trainer's packets. Absent is not zero: what was not measured has no key. */
export const PACKET_METRICS = {
  loss: { unit: 'nats', means: 'Training loss of the step’s batch.' },
  accuracy: { unit: 'ratio', means: 'Training accuracy of the step’s batch.' },
  loss_delta: { unit: 'nats', means: 'Training loss less that of the previous step; absent on the first.' },
  loss_ewma: { unit: 'nats', means: 'Training loss, exponentially smoothed, factor 0.2.' },
  loss_volatility: { unit: 'nats', means: 'Square root of the smoothed variance of the training loss.' },
  gradient_norm: { unit: 'norm', means: 'Length of the host’s gradient.' },
  grad_norm_ewma: { unit: 'norm', means: 'Length of the gradient, smoothed.' },
  grad_var: { unit: 'norm²', means: 'Smoothed variance of the length of the gradient.' },
  grad_conflict_rate: { unit: 'ratio', means: 'Microbatches that pull against those before them.' },
  optimizer_lr: { unit: 'rate', means: 'The learning rate the update used.' },
  optimizer_momentum: { unit: 'ratio', means: 'Momentum of the optimizer.' },
  optimizer_family_index: { unit: 'index', means: '0: stochastic gradient descent.' },
  samples_per_s: { unit: '1/s', means: 'Training samples per second, previous step.' },
  step_latency_ms: { unit: 'ms', means: 'The whole previous step.' },
  hook_latency_ms: { unit: 'ms', means: 'What being controlled cost the trainer itself in the previous step.' },
  tamiyo_latency_ms: { unit: 'ms', means: 'Waiting for the previous decision.' },
  'kasmina.apply_ms': { unit: 'ms', means: 'Verifying and executing the previous command.' },
  'kasmina.finalize_ms': { unit: 'ms', means: 'Seeds at the end of the previous step.' },
  'kasmina.isolation.violations': { unit: 'count', means: 'Host tensors whose gradient a seed changed, this step.' },
  'kasmina.command_verifier.rejections_total': { unit: 'count', means: 'Commands refused by verification so far.' },
  'tolaria.timeout.tamiyo_total': { unit: 'count', means: 'Decisions that did not come in time so far.' },
  'tolaria.timeout.tamiyo_last_ms': { unit: 'ms', means: 'How long the last of them was waited for.' },
  input_wait_ms: { unit: 'ms', means: 'Making the batch, previous step.' },
  cpu_util_percent: { unit: 'percent', means: 'This process’s share of all processors.' },
} as const satisfies Readonly<Record<string, { readonly unit: string; readonly means: string }>>;

type PacketMetric = keyof typeof PACKET_METRICS;
type Measured = Partial<Record<PacketMetric, Signal | undefined>>;

const present = (measured: Measured): Readonly<Record<string, Signal>> =>
  Object.fromEntries(Object.entries(measured).filter((entry): entry is [string, Signal] => entry[1] !== undefined));

function trainingMetrics(state: TrainerState, measures: StepMeasures): Measured {
  const { smoothed } = state;
  return {
    loss: measures.loss,
    accuracy: measures.accuracy,
    loss_delta: measures.lossDelta,
    loss_ewma: smoothed.lossEwma,
    loss_volatility: Math.sqrt(smoothed.lossVariance),
    gradient_norm: measures.gradientNorm,
    grad_norm_ewma: smoothed.gradientEwma,
    grad_var: smoothed.gradientVariance,
    grad_conflict_rate: measures.gradientConflictRate,
    optimizer_lr: measures.learningRate,
    'kasmina.isolation.violations': measures.isolationViolations,
  };
}

function runMetrics({ timings, counters, batchSize, momentum, cpuUtilPercent }: PacketContext): Measured {
  return {
    optimizer_momentum: momentum,
    optimizer_family_index: 0,
    samples_per_s: timings === undefined || timings.stepMs <= 0 ? undefined : (batchSize * 1000) / timings.stepMs,
    step_latency_ms: timings?.stepMs,
    hook_latency_ms: timings?.hookMs,
    tamiyo_latency_ms: timings?.tamiyoMs,
    'kasmina.apply_ms': timings?.applyMs,
    'kasmina.finalize_ms': timings?.finalizeMs,
    'kasmina.command_verifier.rejections_total': counters.rejectedCommands,
    'tolaria.timeout.tamiyo_total': counters.tamiyoTimeouts,
    'tolaria.timeout.tamiyo_last_ms': counters.lastTimeoutMs,
    input_wait_ms: timings?.inputWaitMs,
    cpu_util_percent: cpuUtilPercent,
  };
}

/** Risk is how much worse validation has become since the seed germinated, 0 (no worse) to 1 (twice as bad or more). */
function seedRisk(slot: SeedSlot, validationEwma: number | undefined): number | undefined {
  const baseline = slot.module?.baselineLoss;
  if (baseline === undefined || baseline <= 0 || validationEwma === undefined) return undefined;
  return Math.min(1, Math.max(0, validationEwma / baseline - 1));
}

function seedState(slot: SeedSlot, state: TrainerState, context: PacketContext): SeedState {
  const { module } = slot;
  const riskScore = seedRisk(slot, state.smoothed.validationEwma);
  const ramp = module?.ramp;
  return {
    seedId: slot.seedId,
    stage: slot.stage,
    layerDepth: slot.site,
    ageEpochs: Math.floor(slot.ageSteps / context.stepsPerEpoch),
    ...(module === undefined ? {} : { learningRate: state.learningRate }),
    ...(slot.gradientNorm === undefined ? {} : { gradientNorm: slot.gradientNorm }),
    ...(riskScore === undefined ? {} : { riskScore }),
    metrics: {
      alpha: module?.alpha ?? 0,
      blend_allowed: isBlended(slot) ? 1 : 0,
      ...(ramp === undefined
        ? {}
        : {
            alpha_steps: Math.min(ramp.endStep, Math.max(ramp.startStep, state.step)) - ramp.startStep,
            alpha_total_steps: ramp.endStep - ramp.startStep,
          }),
    },
  };
}

/** The packet of the step that `state` has just finished. */
export function buildPacket(state: TrainerState, measures: StepMeasures, context: PacketContext): SystemStatePacket {
  return {
    version: 1,
    packetId: `${context.trainingRunId}-${context.instance}-step-${state.step}`,
    trainingRunId: context.trainingRunId,
    sourceSubsystem: 'tolaria',
    experimentName: context.experimentName,
    currentEpoch: Math.floor((state.step - 1) / context.stepsPerEpoch),
    globalStep: state.step,
    timestampNs: BigInt(context.wallMs) * 1_000_000n,
    trainingLoss: measures.loss,
    validationLoss: measures.validationLoss,
    validationAccuracy: measures.validationAccuracy,
    trainingMetrics: present({ ...trainingMetrics(state, measures), ...runMetrics(context) }),
    ...(context.hardware === undefined ? {} : { hardwareContext: context.hardware }),
    seedStates: state.seeds.map((slot) => seedState(slot, state, context)),
  };
}
