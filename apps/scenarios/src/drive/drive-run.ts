import { join } from 'node:path';
import {
  type Fault,
  startTrainerProcess,
  TRAINER_METRICS,
  type TrainerEvent,
  type TrainerMessage,
  type TrainerMetricName,
  type TrainerOptions,
  type TrainerProcess,
  type TrainerSummary,
} from '@esper/harness';
import type { SystemStatePacket, TelemetryPacket } from '@esper/leyline';
import { assertNever } from '@esper/std';
import { systemClock } from '@esper/std/node';
import type { Delivered } from '@esper/tamiyo';
import { buildNoticePacket, buildRejectionPacket } from '@esper/telemetry';
import { Recorder } from './recorder.js';
import { KEY_ID, type ScenarioHost, SHAPE } from './scenario-host.js';

/** Something a scenario does to the host before it decides a step. */
export type StepHook = (step: number, packet: SystemStatePacket) => void | Promise<void>;

/** One training run under control. */
export interface RunPlan {
  readonly trainingRunId: string;
  readonly seed: number;
  readonly steps: number;
  readonly faults?: readonly Fault[];
  readonly options?: Partial<TrainerOptions>;
  readonly beforeDecision?: StepHook;
  /** Sees each delivered command with the moment its packet came. */
  readonly onDelivered?: (step: number, delivered: Delivered) => void;
  readonly onEvent?: (event: TrainerEvent) => void;
  readonly onStep?: (step: number) => void;
}

export interface DrivenRun {
  readonly recorder: Recorder;
  readonly summary: TrainerSummary;
  /** What the trainer was given, in order. */
  readonly commands: readonly Delivered[];
}

/** Trainer events that stand as marks in the plots. */
const MARKED = new Set<string>([
  'tolaria.fault_injected',
  'tolaria.rollback.restored',
  'tolaria.rollback.restore_failed',
  'tolaria.emergency.halt',
  'tolaria.emergency.level',
  'tolaria.tamiyo_timeout',
  'tolaria.conservative_entered',
  'tolaria.run_resumed',
]);

/** Runs a trainer process to its end, deciding each step with the host. Rejects when the trainer fails. */
export async function driveRun(at: ScenarioHost, plan: RunPlan): Promise<DrivenRun> {
  const recorder = new Recorder(plan.trainingRunId);
  const commands: Delivered[] = [];
  const trainer = startTrainerProcess({
    options: {
      trainingRunId: plan.trainingRunId,
      plannedSteps: plan.steps,
      seed: plan.seed,
      width: SHAPE.width,
      featureCount: SHAPE.inputs,
      checkpointEverySteps: 5,
      decisionTimeoutMs: 15_000,
      ...(plan.faults === undefined ? {} : { faults: plan.faults }),
      ...plan.options,
    },
    keys: [{ keyId: KEY_ID, algorithm: 'ed25519', key: at.files.publicKey }],
    consumer: at.consumer,
    checkpointFolder: join(at.dataDir, 'checkpoints', plan.trainingRunId),
  });
  try {
    const summary = await follow(trainer, { at, plan, recorder, commands });
    return { recorder, summary, commands };
  } finally {
    trainer.kill();
  }
}

interface Following {
  readonly at: ScenarioHost;
  readonly plan: RunPlan;
  readonly recorder: Recorder;
  readonly commands: Delivered[];
}

async function follow(trainer: TrainerProcess, run: Following): Promise<TrainerSummary> {
  for await (const message of trainer.messages) {
    switch (message.type) {
      case 'packet':
        await answer(message, trainer, run);
        break;
      case 'event':
        noteEvent(message.event, run);
        break;
      case 'step':
        run.recorder.step(message);
        run.plan.onStep?.(message.step);
        break;
      case 'summary':
        run.at.host.telemetry.emit(metricsPacket(message.summary));
        return message.summary;
      case 'failed':
        throw new Error(`the trainer of ${run.plan.trainingRunId} failed: ${message.code}: ${message.message}`);
      case 'hello':
        break;
      default:
        assertNever(message, 'trainer message');
    }
  }
  throw new Error(`the trainer of ${run.plan.trainingRunId} ended without a summary`);
}

async function answer(
  message: Extract<TrainerMessage, { type: 'packet' }>,
  trainer: TrainerProcess,
  { at, plan, recorder, commands }: Following,
): Promise<void> {
  const step = message.packet.globalStep;
  await plan.beforeDecision?.(step, message.packet);
  const askedAt = performance.now();
  const outcome = await at.host.decide(plan.trainingRunId, message.packet);
  if (outcome.ok) {
    trainer.reply(message.requestId, { kind: 'command', bytes: outcome.value.bytes });
    commands.push(outcome.value);
    recorder.decision(step, outcome.value, breakersOpen(at, plan.trainingRunId));
    plan.onDelivered?.(step, outcome.value);
    return;
  }
  trainer.reply(message.requestId, { kind: 'failure', code: outcome.error.code });
  recorder.failure(step, outcome.error, {
    waitedMs: performance.now() - askedAt,
    breakersOpen: breakersOpen(at, plan.trainingRunId),
  });
}

function breakersOpen({ host }: ScenarioHost, trainingRunId: string): readonly string[] {
  const breakers = host.run(trainingRunId)?.state.risk.breakers ?? {};
  return Object.entries(breakers).flatMap(([name, { kind }]) => (kind === 'closed' ? [] : [name]));
}

function noteEvent(event: TrainerEvent, { at, recorder, plan }: Following): void {
  plan.onEvent?.(event);
  mirror(event, at.host, plan.trainingRunId);
  if (!MARKED.has(event.name)) return;
  const { kind, ...rest } = event.attributes;
  const detail = Object.entries(rest)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  recorder.mark(event.step, kind ?? event.name.replace(/^(tolaria|kasmina)\./, ''), detail);
}

/** What the trainer measured of its rollbacks and emergencies (RB-06), as telemetry. */
function metricsPacket({ trainingRunId, steps, metrics }: TrainerSummary): TelemetryPacket {
  return buildNoticePacket({
    packetId: `trainer-${trainingRunId}-${steps}-metrics`,
    timestampMs: systemClock.wallMs(),
    trainingRunId,
    events: [],
    metrics: Object.entries(metrics).map(([name, value]) => ({
      name,
      value,
      unit: TRAINER_METRICS[name as TrainerMetricName].unit,
      attributes: {},
    })),
  });
}

const MIRRORED: ReadonlySet<string> = new Set([
  'tolaria.emergency.halt',
  'tolaria.emergency.level',
  'tolaria.emergency.late',
  'tolaria.rollback.restore_failed',
]);

/** What is grave at the trainer is telemetry of the host too, as in every run that is supervised (SV-10, RB-08). */
function mirror(event: TrainerEvent, { telemetry }: ScenarioHost['host'], trainingRunId: string): void {
  const timestampMs = systemClock.wallMs();
  if (event.name === 'kasmina.command_rejected') {
    const reason = event.attributes['reason'] ?? 'unknown';
    telemetry.emit(buildRejectionPacket({ reason, trainingRunId, timestampMs }));
  }
  if (MIRRORED.has(event.name)) {
    const description = event.name.replace(/^tolaria\./, '');
    const packetId = `trainer-${trainingRunId}-${event.step}-${description}`;
    const events = [{ description, level: event.level, attributes: { ...event.attributes } }];
    telemetry.emit(buildNoticePacket({ packetId, timestampMs, events }));
  }
}
