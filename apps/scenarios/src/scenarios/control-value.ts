import { type Fault, startTrainerProcess, type TrainerSummary } from '@esper/harness';
import { assertion, type ScenarioOutcome } from '../core/outcome.js';
import { seededRandom } from '../core/seeded-random.js';
import { bootstrapMean, type MeanInterval, mean } from '../core/statistics.js';
import { driveRun } from '../drive/drive-run.js';
import { SHAPE } from '../drive/scenario-host.js';
import { withHost } from '../drive/with-host.js';
import type { Scenario, ScenarioRequest } from './scenario.js';

const STEPS = 200;

/** The same faults for both runs of a seed: a long spike, poisoned gradients, a short spike late. */
function faultsOf(random: () => number): readonly Fault[] {
  const at = (from: number, to: number) => Math.floor(from + random() * (to - from));
  return [
    { kind: 'lr_spike', atStep: at(60, 100), steps: 8, value: 200 },
    { kind: 'nan_gradients', atStep: at(30, 160), steps: 3, value: 0 },
    { kind: 'lr_spike', atStep: at(120, 150), steps: 3, value: 100 },
  ];
}

/** How one run ended. A run that ended no better than guessing is lost. */
interface Ending {
  readonly accuracy: number;
  readonly lost: boolean;
  readonly stepsPaused: number;
}

const GUESSING = 0.2;

const endingOf = (summary: TrainerSummary, stepsPaused: number): Ending => ({
  accuracy: summary.finalAccuracy,
  lost: summary.halted !== undefined || !(summary.finalAccuracy > GUESSING),
  stepsPaused,
});

async function uncontrolled(seed: number, faults: readonly Fault[]): Promise<Ending> {
  const trainer = startTrainerProcess({
    options: {
      trainingRunId: `alone-${seed}`,
      plannedSteps: STEPS,
      seed,
      width: SHAPE.width,
      featureCount: SHAPE.inputs,
      faults,
    },
    controlled: false,
  });
  for await (const message of trainer.messages) if (message.type === 'summary') return endingOf(message.summary, 0);
  throw new Error(`the trainer of seed ${seed} ended without a summary`);
}

interface Pair {
  readonly seed: number;
  readonly alone: Ending;
  readonly controlled: Ending;
  /** Steps paused before the first fault: nothing was wrong yet. */
  readonly falsePauses: number;
}

async function pairs(request: ScenarioRequest): Promise<readonly Pair[]> {
  const found: Pair[] = [];
  for (let index = 0; index < request.steps; index += 1) {
    const seed = request.seed + index;
    const faults = faultsOf(seededRandom(seed));
    const first = Math.min(...faults.map(({ atStep }) => atStep));
    const alone = await uncontrolled(seed, faults);
    const settings = { 'risk.rollbackRecentDecisions': 1_000_000, 'risk.rollbackDirectivesMax': 20 };
    const { found: run } = await withHost({ ...request, dataDir: `${request.dataDir}/${seed}`, settings }, (at) =>
      driveRun(at, {
        trainingRunId: `seed-${seed}`,
        seed,
        steps: STEPS,
        faults,
        ...(request.sabotaged ? { options: { decisionTimeoutMs: 1 } } : {}),
      }),
    );
    const paused = run.recorder.recording.steps.filter((point) => point.paused);
    const changed = run.recorder.recording.decisions.filter(
      ({ step, command, proposed }) => step < first && command === 'PAUSE' && proposed !== 'PAUSE',
    );
    found.push({ seed, alone, controlled: endingOf(run.summary, paused.length), falsePauses: changed.length });
    request.progress(index + 1, request.steps);
    request.say(`seed ${seed}: alone ${alone.accuracy.toFixed(3)}, controlled ${run.summary.finalAccuracy.toFixed(3)}`);
  }
  return found;
}

async function run(request: ScenarioRequest): Promise<ScenarioOutcome> {
  const all = await pairs(request);
  const random = seededRandom(request.seed);
  const gain = bootstrapMean(
    all.map(({ alone, controlled }) => controlled.accuracy - alone.accuracy),
    random,
  );
  const lost = (of: (pair: Pair) => Ending) => all.filter((pair) => of(pair).lost).length;
  const followed = all.some(({ controlled }) => controlled.stepsPaused > 0);
  return {
    assertions: [
      assertion('every pair was run', all.length === request.steps, all.length),
      assertion('the controlled runs were controlled', followed, String(followed)),
      assertion(
        'no controlled run was lost that its twin survived',
        all.every(({ alone, controlled }) => !controlled.lost || alone.lost),
        `${lost(({ controlled }) => controlled)} lost under control, ${lost(({ alone }) => alone)} alone`,
      ),
    ],
    kpis: { final_accuracy: mean(all.map(({ controlled }) => controlled.accuracy)) },
    recordings: [],
    extra: {
      pairs: all.length,
      accuracyGain: rounded(gain),
      accuracyAlone: mean(all.map(({ alone }) => alone.accuracy)),
      accuracyControlled: mean(all.map(({ controlled }) => controlled.accuracy)),
      lostAlone: lost(({ alone }) => alone),
      lostControlled: lost(({ controlled }) => controlled),
      stepsPaused: rounded(
        bootstrapMean(
          all.map(({ controlled }) => controlled.stepsPaused),
          random,
        ),
      ),
      falsePauses: rounded(
        bootstrapMean(
          all.map(({ falsePauses }) => falsePauses),
          random,
        ),
      ),
      bySeed: all,
    },
  };
}

const rounded = (interval: MeanInterval): MeanInterval => ({
  mean: Number(interval.mean.toFixed(4)),
  low: Number(interval.low.toFixed(4)),
  high: Number(interval.high.toFixed(4)),
});

export const controlValue: Scenario = {
  about:
    'The same faults on the same seeds with and without control: does control help? What is found is published, whichever way it comes out.',
  sabotage: 'No decision is ever in time for the trainer: nothing is controlled.',
  steps: { short: 2, usual: 24 },
  run,
};
