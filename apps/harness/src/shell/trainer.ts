import type { SystemStatePacket } from '@esper/leyline';
import { elapsedMs, type MonoMs } from '@esper/std';
import { advanceSeeds } from '../core/advance-seeds.js';
import { buildPacket, type StepTimings } from '../core/build-packet.js';
import { composeNetwork } from '../core/compose-network.js';
import { batchIndices, buildDataset, type Dataset, type LabelledName, takeRows } from '../core/dataset.js';
import { type Fault, faultsAt, trainingFaults } from '../core/fault-schedule.js';
import { type Batch, evaluate, type NetworkShape } from '../core/network.js';
import { newRun } from '../core/new-run.js';
import { afterFailedDecision, afterGoodDecision, type CautionChange } from '../core/own-caution.js';
import { isHealthy } from '../core/snapshot-ring.js';
import { count, EMPTY_TALLY, type Tally, type TrainerSummary, totalOf } from '../core/tally.js';
import { type StepMeasures, trainStep } from '../core/train-step.js';
import { type TrainerEvent, trainerEvent } from '../core/trainer-event.js';
import { type TrainerMetrics, trainerMetrics } from '../core/trainer-metrics.js';
import type { TrainerState } from '../core/trainer-state.js';
import { type ResolvedTrainerOptions, resolveTrainerOptions, type TrainerOptions } from '../options.js';
import type { Decision, TrainerPorts } from '../ports.js';
import { CommandDelivery } from './command-delivery.js';
import { EmergencyDesk } from './emergency-desk.js';
import { resumeFromCheckpoint } from './resume.js';
import { halted, RollbackKeeper } from './rollback.js';
import { pauseFor, within } from './within.js';

/** One finished step. */
export interface StepReport {
  readonly step: number;
  readonly measures: StepMeasures;
  readonly timings: StepTimings;
  readonly paused: boolean;
  /** Set when the run stopped for good in this step. */
  readonly halted?: string;
}

/** Trains, reports, verifies, executes: one run of Tolaria and Kasmina. Steps are awaited one at a time. */
export class Trainer {
  readonly options: ResolvedTrainerOptions;
  readonly dataset: Dataset;
  readonly #ports: TrainerPorts;
  readonly #keeper: RollbackKeeper;
  readonly #delivery: CommandDelivery;
  readonly #desk: EmergencyDesk;
  readonly #slice: Batch;
  readonly #instance: string;
  #state: TrainerState;
  #tally: Tally = EMPTY_TALLY;
  #timings: StepTimings | undefined;
  #restoredAt: number | undefined;
  #lastTimeoutMs: number | undefined;

  constructor(ports: TrainerPorts, options: ResolvedTrainerOptions, names: readonly LabelledName[]) {
    this.options = options;
    this.#ports = ports;
    this.#instance = ports.clock.wallMs().toString(36);
    this.dataset = buildDataset(names, options.dataset, options.seed);
    const sliceRows = Array.from({ length: options.validationSlice }, (_, row) => row);
    this.#slice = takeRows(this.dataset.validation, sliceRows);
    this.#state = newRun(this.shape, { seed: options.seed, learningRate: options.training.baseLearningRate });
    this.#keeper = new RollbackKeeper(ports, options);
    this.#desk = new EmergencyDesk(ports, options.emergency);
    const { trainingRunId, seed, training } = options;
    this.#delivery = new CommandDelivery(ports, this.#keeper, { trainingRunId, seed, optimizer: training });
  }

  /** Sizes of the host network. */
  get shape(): NetworkShape {
    const { languages, featureCount } = this.dataset;
    return { inputs: featureCount, width: this.options.width, classes: languages.length };
  }

  /** The run as it is now. */
  get state(): TrainerState {
    return this.#state;
  }

  /** What was counted so far. */
  get tally(): Tally {
    return this.#tally;
  }

  /** True when the run stopped for good or has had its planned steps. */
  get finished(): boolean {
    return this.#state.halted !== undefined || this.#state.step >= this.options.plannedSteps;
  }

  /**
   * Goes on from the newest checkpoint of this run, where there is one; else writes the first one, so that there is always
   * something to restore. Called once, before the first step, by whoever keeps checkpoints. Rejects with `HARNESS_RESUME_FAILED`.
   */
  async begin(): Promise<void> {
    const resumed = await resumeFromCheckpoint(this.#ports, this.#state, this.options.fullRestoreDeadlineMs);
    if (resumed !== undefined) {
      this.#state = resumed.state;
      this.#tell([resumed.event]);
    }
    this.#tell(await this.#keeper.remember(this.#state, resumed === undefined));
  }

  /** Trains one step, reports it, waits for the decision and follows it. Does nothing but answer after a halt. */
  async step(): Promise<StepReport | undefined> {
    if (this.#state.halted !== undefined) return undefined;
    const begunAt = this.#ports.clock.monoMs();
    const faults = faultsAt(this.options.faults, this.#state.step + 1);
    const { measures, inputWaitMs } = await this.#train(faults);
    const healthy = isHealthy(measures.validationLoss, this.#state.smoothed.validationBest);
    if (healthy) await this.#remember();
    const controlled = await this.#beControlled(measures, faults);
    const finalizeMs = this.#finalize();
    this.#escalate(measures, healthy);
    const timings: StepTimings = {
      ...controlled,
      hookMs: controlled.hookMs + finalizeMs,
      finalizeMs,
      inputWaitMs,
      stepMs: elapsedMs(begunAt, this.#ports.clock.monoMs()),
    };
    this.#timings = timings;
    const { step, paused } = this.#state;
    return { step, measures, timings, paused, ...this.#haltedReason() };
  }

  async #train(active: readonly Fault[]): Promise<{ readonly measures: StepMeasures; readonly inputWaitMs: number }> {
    const faults = trainingFaults(active, this.#restoredAt);
    if (faults.delayMs > 0) await pauseFor(this.#ports, faults.delayMs);
    const begunAt = this.#ports.clock.monoMs();
    const { seed, batchSize, dataset, training } = this.options;
    const indices = batchIndices(this.#state.step, { seed, samples: dataset.trainingSamples, batch: batchSize });
    const batch = takeRows(this.dataset.training, indices);
    const inputWaitMs = elapsedMs(begunAt, this.#ports.clock.monoMs());
    const { state, measures } = trainStep(this.#state, { batch, validation: this.#slice, faults }, training);
    this.#state = state;
    this.#tellTrainingFaults(active, measures);
    return { measures, inputWaitMs };
  }

  #tellTrainingFaults(active: readonly Fault[], measures: StepMeasures): void {
    const { step } = this.#state;
    for (const { kind, value, atStep } of active) {
      if (kind.endsWith('_command')) continue;
      if (kind === 'snapshot_rot') this.#keeper.rot();
      if (kind === 'slow_restore') this.#keeper.delayNext(value);
      this.#tally = count(this.#tally, 'faults', kind);
      const effect = this.#hadEffect({ kind, atStep }, measures) ? 'done' : 'none';
      this.#tell([trainerEvent('tolaria.fault_injected', step, { kind, value: String(value), effect })]);
    }
    if (!measures.updateApplied) {
      this.#tally = { ...this.#tally, updatesSkipped: this.#tally.updatesSkipped + 1 };
      this.#tell([trainerEvent('tolaria.update_skipped', step)]);
    }
    if (measures.isolationViolations > 0) {
      const attributes = { tensors: String(measures.isolationViolations) };
      this.#tell([trainerEvent('kasmina.isolation_violation', step, attributes)]);
    }
  }

  /** A leak needs a seed in training; a spike is over once a rollback has restored the optimizer. */
  #hadEffect({ kind, atStep }: Pick<Fault, 'kind' | 'atStep'>, measures: StepMeasures): boolean {
    if (kind === 'isolation_violation') return measures.isolationViolations > 0;
    return kind !== 'lr_spike' || this.#restoredAt === undefined || atStep > this.#restoredAt;
  }

  async #remember(): Promise<void> {
    const { step } = this.#state;
    const durable = step % this.options.checkpointEverySteps === 0;
    if (!durable && step % this.options.snapshotEverySteps !== 0) return;
    this.#tell(await this.#keeper.remember(this.#state, durable));
  }

  async #beControlled(
    measures: StepMeasures,
    faults: readonly Fault[],
  ): Promise<Pick<StepTimings, 'hookMs' | 'tamiyoMs' | 'applyMs'>> {
    const { clock, decide } = this.#ports;
    const begunAt = clock.monoMs();
    const packet = this.#packet(measures);
    const sentAt = clock.monoMs();
    const packetMs = elapsedMs(begunAt, sentAt);
    this.#tally = { ...this.#tally, packets: this.#tally.packets + 1 };
    if (decide === undefined) return { hookMs: packetMs };
    const decision = await this.#ask(packet);
    const answeredAt = clock.monoMs();
    const tamiyoMs = elapsedMs(sentAt, answeredAt);
    if (decision.kind === 'failure') {
      this.#fail(decision.code, tamiyoMs);
      return { hookMs: packetMs, tamiyoMs };
    }
    await this.#follow(decision.bytes, faults);
    const applyMs = elapsedMs(answeredAt, clock.monoMs());
    return { hookMs: packetMs + applyMs, tamiyoMs, applyMs };
  }

  #packet(measures: StepMeasures): SystemStatePacket {
    const { trainingRunId, experimentName, batchSize, dataset, training } = this.options;
    const { hardware, cpuUtilPercent } = this.#ports.sampleHardware();
    return buildPacket(this.#state, measures, {
      trainingRunId,
      instance: this.#instance,
      experimentName,
      stepsPerEpoch: Math.max(1, Math.floor(dataset.trainingSamples / batchSize)),
      batchSize,
      momentum: training.momentum,
      wallMs: this.#ports.clock.wallMs(),
      counters: {
        rejectedCommands: totalOf(this.#tally.rejected),
        tamiyoTimeouts: this.#tally.failures['decision_timeout'] ?? 0,
        ...(this.#lastTimeoutMs === undefined ? {} : { lastTimeoutMs: this.#lastTimeoutMs }),
      },
      hardware,
      ...(cpuUtilPercent === undefined ? {} : { cpuUtilPercent }),
      ...(this.#timings === undefined ? {} : { timings: this.#timings }),
    });
  }

  /** The decision in time, or the failure; a source that throws has failed like any other. */
  async #ask(packet: SystemStatePacket): Promise<Decision> {
    const { decide } = this.#ports;
    const asked = Promise.resolve(packet).then(
      (sent) => decide?.(sent) ?? { kind: 'failure' as const, code: 'no_host' },
    );
    const answer = await within(this.#ports, this.options.decisionTimeoutMs, asked);
    if (answer.ok) return answer.value;
    return { kind: 'failure', code: answer.error.kind === 'late' ? 'decision_timeout' : 'decision_source_failed' };
  }

  /** The step goes on without a command: none is made up (D-30). */
  #fail(code: string, waitedMs: number): void {
    const late = code === 'decision_timeout';
    if (late) this.#lastTimeoutMs = waitedMs;
    this.#tally = count(this.#tally, 'failures', code);
    const attributes = { code, waited_ms: waitedMs.toFixed(3) };
    this.#tell([trainerEvent(late ? 'tolaria.tamiyo_timeout' : 'tolaria.tamiyo_error', this.#state.step, attributes)]);
    this.#change(afterFailedDecision(this.#state, code, this.options.goodDecisionsToRecover));
  }

  async #follow(bytes: Uint8Array, faults: readonly Fault[]): Promise<void> {
    const rejectedBefore = totalOf(this.#tally.rejected);
    const delivered = await this.#delivery.deliver({ state: this.#state, tally: this.#tally }, bytes, faults);
    this.#state = delivered.state;
    this.#tally = delivered.tally;
    if (delivered.restored) this.#restoredAt = delivered.state.step;
    this.#tell(delivered.events);
    // A step whose command was refused by verification says nothing good about the channel to the controller.
    if (totalOf(delivered.tally.rejected) === rejectedBefore) this.#change(afterGoodDecision(this.#state));
  }

  #finalize(): number {
    const begunAt: MonoMs = this.#ports.clock.monoMs();
    const { state, events } = advanceSeeds(this.#state, { plannedSteps: this.options.plannedSteps });
    this.#state = state;
    this.#tell(events);
    return elapsedMs(begunAt, this.#ports.clock.monoMs());
  }

  #change({ state, events }: CautionChange): void {
    this.#state = state;
    this.#tell(events);
  }

  /** Trouble that lasts rises level by level, and ends the run at the last (RB-09). */
  #escalate(measures: StepMeasures, healthy: boolean): void {
    const { step, halted: stopped } = this.#state;
    const failed = !measures.updateApplied || !Number.isFinite(measures.validationLoss);
    const at = { step, failed, healthy, restored: this.#restoredAt === step };
    const change = this.#desk.escalate(at, stopped?.reason);
    this.#tell(change.events);
    if (change.halts !== undefined) this.#change(halted(this.#state, change.halts));
  }

  #tell(events: readonly TrainerEvent[]): void {
    this.#tally = this.#desk.tell(this.#tally, events);
  }

  #haltedReason(): { readonly halted?: string } {
    const { halted } = this.#state;
    return halted === undefined ? {} : { halted: halted.reason };
  }

  /** What the run measures of its rollbacks and emergencies, as it is now. */
  metrics(): TrainerMetrics {
    return trainerMetrics({ tally: this.#tally, snapshots: this.#keeper.snapshots, ...this.#desk.standing });
  }

  /** Judges the run on all validation samples. */
  summary(): TrainerSummary {
    const { loss, accuracy } = evaluate(composeNetwork(this.#state), this.dataset.validation);
    return {
      trainingRunId: this.options.trainingRunId,
      steps: this.#state.step,
      finalLoss: loss,
      finalAccuracy: accuracy,
      ...this.#haltedReason(),
      tally: this.#tally,
      metrics: this.metrics(),
    };
  }
}

/** A run on the names given. Throws `HARNESS_OPTION_INVALID`. */
export const createTrainer = (options: TrainerOptions, ports: TrainerPorts, names: readonly LabelledName[]): Trainer =>
  new Trainer(ports, resolveTrainerOptions(options), names);
