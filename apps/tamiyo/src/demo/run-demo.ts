import { join } from 'node:path';
import {
  type Fault,
  startTrainerProcess,
  type TrainerEvent,
  type TrainerMessage,
  type TrainerProcess,
} from '@esper/harness';
import { assertNever } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { buildRejectionPacket } from '@esper/telemetry';
import { type Host, openHost } from '../compose.js';
import type { ResolvedConfig } from '../config/resolve.js';
import { type DecisionError, TamiyoError } from '../errors.js';
import type { Delivered } from '../stages/stages.js';
import { DEMO_KEY_ID, type DemoFiles, prepareDemoFiles } from './demo-files.js';
import {
  type ChangedDecision,
  countDecision,
  countFailure,
  countStep,
  type DemoTally,
  newTally,
} from './demo-tally.js';

export interface DemoSettings {
  readonly config: ResolvedConfig;
  readonly trainingRunId: string;
  readonly steps: number;
  readonly seed: number;
}

/** What a viewer is told, in order. */
export interface DemoView {
  ready(host: Host, files: DemoFiles): void;
  decision(step: number, delivered: Delivered, changed: ChangedDecision | undefined): void;
  failure(step: number, error: DecisionError): void;
  event(event: TrainerEvent): void;
  step(message: Extract<TrainerMessage, { type: 'step' }>): void;
}

export interface DemoPlan {
  readonly spikeStep: number;
  readonly faults: readonly Fault[];
  /** Steps at which a fault puts a bad command in the trainer's way. */
  readonly attackSteps: readonly number[];
}

/** Sizes of the trainer's network; the blueprints are made for it. */
const SHAPE = { inputs: 256, width: 48, classes: 10 } as const;
/** So early in a run the loss falls so fast that a trainer put back further than this looks like a spike by itself. */
const CHECKPOINT_EVERY_STEPS = 2;
/** Left alone, a run does not recover from a spike of this length and height. */
const SPIKE_STEPS = 8;
const SPIKE_FACTOR = 200;

/** A spike half way, and a forged and a replayed command before it. */
export function demoPlan(steps: number): DemoPlan {
  const spikeStep = Math.floor(steps / 2);
  const faults: readonly Fault[] = [
    { kind: 'forged_command', atStep: Math.floor(steps / 6), steps: 1, value: 0 },
    { kind: 'replayed_command', atStep: Math.floor(steps / 4), steps: 1, value: 0 },
    { kind: 'lr_spike', atStep: spikeStep, steps: SPIKE_STEPS, value: SPIKE_FACTOR },
  ];
  const attackSteps = faults.filter(({ kind }) => kind.endsWith('_command')).map(({ atStep }) => atStep);
  return { spikeStep, faults, attackSteps };
}

/** Trainer and host in two processes, one whole run. Resolves when the trainer has given its summary. */
export async function runDemo(settings: DemoSettings, plan: DemoPlan, view: DemoView): Promise<DemoTally> {
  const { dataDir } = settings.config.values;
  const files = await prepareDemoFiles(dataDir, { shape: SHAPE, policySeed: settings.seed });
  const host = await openHost({ config: settings.config, keys: files.keys });
  view.ready(host, files);
  const trainer = startTrainerProcess({
    options: {
      trainingRunId: settings.trainingRunId,
      plannedSteps: settings.steps,
      seed: settings.seed,
      width: SHAPE.width,
      featureCount: SHAPE.inputs,
      faults: plan.faults,
      checkpointEverySteps: CHECKPOINT_EVERY_STEPS,
    },
    keys: [{ keyId: DEMO_KEY_ID, algorithm: 'ed25519', key: files.publicKey }],
    consumer: settings.config.values['seal.consumer'],
    checkpointFolder: join(dataDir, 'checkpoints', settings.trainingRunId),
  });
  try {
    return await follow(trainer, { host, view, runId: settings.trainingRunId, spikeStep: plan.spikeStep });
  } finally {
    trainer.kill();
    await host.close();
  }
}

interface Following {
  readonly host: Host;
  readonly view: DemoView;
  readonly runId: string;
  readonly spikeStep: number;
}

async function follow(trainer: TrainerProcess, at: Following): Promise<DemoTally> {
  const tally = newTally(at.spikeStep);
  for await (const message of trainer.messages) {
    switch (message.type) {
      case 'packet':
        await answer(message, trainer, { ...at, tally });
        break;
      case 'event':
        mirrorRejection(message.event, at);
        at.view.event(message.event);
        break;
      case 'step':
        countStep(tally, message.step, message.validationLoss);
        at.view.step(message);
        break;
      case 'summary':
        tally.summary = message.summary;
        return tally;
      case 'failed':
        throw new TamiyoError('DEMO_FAILED', `the trainer failed: ${message.code}: ${message.message}`);
      case 'hello':
        tally.stepsBefore = message.stepsBefore;
        break;
      default:
        assertNever(message, 'trainer message');
    }
  }
  return tally;
}

async function answer(
  message: Extract<TrainerMessage, { type: 'packet' }>,
  trainer: TrainerProcess,
  at: Following & { readonly tally: DemoTally },
): Promise<void> {
  const step = message.packet.globalStep;
  const outcome = await at.host.engine.decide(at.runId, message.packet);
  if (outcome.ok) {
    const changed = countDecision(at.tally, step, outcome.value);
    trainer.reply(message.requestId, { kind: 'command', bytes: outcome.value.bytes });
    at.view.decision(step, outcome.value, changed);
    return;
  }
  countFailure(at.tally, outcome.error);
  trainer.reply(message.requestId, { kind: 'failure', code: outcome.error.code });
  at.view.failure(step, outcome.error);
}

/** A command that the trainer refused is seen in telemetry too, with its reason (SV-10). */
function mirrorRejection(event: TrainerEvent, { host, runId }: Following): void {
  if (event.name !== 'kasmina.command_rejected') return;
  host.telemetry.emit(
    buildRejectionPacket({
      reason: event.attributes['reason'] ?? 'unknown',
      trainingRunId: runId,
      timestampMs: systemClock.wallMs(),
    }),
  );
}
