import { type Fault, startTrainerProcess, type TrainerMessage } from '../../../apps/harness/src/index.ts';
import type { Service } from '../../../apps/tamiyo/src/http/open-service.ts';
import { python, SECRET, serve } from '../../../apps/tamiyo/test/support/served.ts';
import { DRILL_KEY, type HostToOpen } from './drill-host.ts';
import type { Scene, Stage } from './scene.ts';

const STEPS = 100_000;
/** From here on, for as long as the run lasts: the trainer has been well for a while. */
const fault = (kind: Fault['kind'], value = 0): Fault => ({ kind, atStep: 5, steps: STEPS, value });

/** Grafts that risk lets through, on a machine that is busy. */
const GRAFTING: Omit<HostToOpen, 'dataDir'> = {
  grafts: 0.5,
  policySeed: 7,
  settings: {
    profile: 'harness',
    'risk.hookLatencyMsMax': 2_000,
    'risk.stepLatencyMsMax': 10_000,
    'risk.applyMsMax': 1_000,
    'risk.finalizeMsMax': 1_000,
    'policy.latencyMsMax': 2_000,
  },
};

/** The answer to one packet of a trainer; what else it tells needs none. */
async function answer(message: TrainerMessage, service: Service, reply: Replies): Promise<void> {
  if (message.type === 'failed') throw new Error(`the trainer failed: ${message.code}: ${message.message}`);
  if (message.type !== 'packet') return;
  const { trainingRunId } = message.packet;
  const outcome = await service.host.decide(trainingRunId, message.packet);
  reply(
    message.requestId,
    outcome.ok ? { kind: 'command', bytes: outcome.value.bytes } : { kind: 'failure', code: outcome.error.code },
  );
}
type Replies = ReturnType<typeof startTrainerProcess>['reply'];

/** The harness's trainer, which really trains and follows commands, with a fault of its own schedule. */
const trained = (
  about: Pick<Scene, 'name' | 'fault' | 'fires'>,
  given: { readonly fault: Fault; readonly host?: Omit<HostToOpen, 'dataDir'> },
): Scene => ({
  ...about,
  play: async (stage) => {
    const service = await stage.open({ dataDir: await stage.folder(), ...given.host });
    const options = { trainingRunId: 'trained', plannedSteps: STEPS, faults: [given.fault], decisionTimeoutMs: 15_000 };
    const trainer = startTrainerProcess({ options, keys: [DRILL_KEY] });
    const messages = trainer.messages[Symbol.asyncIterator]();
    try {
      await stage.until(about.fires, async () => {
        const next = await messages.next();
        if (next.done === true) throw new Error('the trainer ended');
        await answer(next.value, service, (...told) => trainer.reply(...told));
      });
    } finally {
      trainer.kill();
    }
  },
});

/** Steps of the trainer that has little to tell, each time it is started. */
const FEW_STEPS = '30';

async function littleTold(stage: Stage): Promise<void> {
  const data = await stage.folder();
  const served = await serve(data, ['--init', '--port', String(stage.port)]);
  try {
    await stage.until(['TamiyoCoverageLow/so'], async () => {
      await python(served, data, { secret: SECRET, args: ['--steps', FEW_STEPS] });
    });
  } finally {
    await served.stop('SIGKILL');
  }
}

/** What real trainers do. */
export const TRAINER_SCENES: readonly Scene[] = [
  trained(
    {
      name: 'a seed that leaks',
      fault: 'a real trainer lets the gradient of a seed in training leak into its host’s',
      fires: ['TamiyoIsolationViolations/happened'],
    },
    { fault: fault('isolation_violation'), host: GRAFTING },
  ),
  trained(
    {
      name: 'slow training',
      fault: 'every step of a real trainer takes 300 ms longer',
      fires: ['TamiyoTrainingSlow/happened'],
    },
    { fault: fault('slow_step', 300) },
  ),
  {
    name: 'a trainer that says little',
    fault: 'a real trainer in Python reports its losses, and nothing of hardware, seeds or timing',
    fires: ['TamiyoCoverageLow/so'],
    play: littleTold,
  },
];
