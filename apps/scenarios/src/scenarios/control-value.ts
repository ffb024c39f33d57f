import { type Fault, startTrainerProcess, type TrainerSummary } from '@esper/harness';
import { type ControlPair, type Ending, stepsLostAfter, weighPairs } from '../core/control-pairs.js';
import { type Kpis, worstKpis } from '../core/kpi-table.js';
import { assertion, type ScenarioOutcome } from '../core/outcome.js';
import { seededRandom } from '../core/seeded-random.js';
import { driveRun } from '../drive/drive-run.js';
import { SHAPE } from '../drive/scenario-host.js';
import { sumOf, withHost } from '../drive/with-host.js';
import { controlPairsSchema } from '../report/control-pair-schema.js';
import { valueFigure } from '../report/value-figure.js';
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

const GUESSING = 0.2;

interface SeenSteps {
  readonly steps: readonly { readonly step: number; readonly validationLoss: number; readonly paused: boolean }[];
  readonly firstFault: number;
}

const endingOf = (summary: TrainerSummary, { steps, firstFault }: SeenSteps): Ending => ({
  accuracy: summary.finalAccuracy,
  lost: summary.halted !== undefined || !(summary.finalAccuracy > GUESSING),
  stepsLost: stepsLostAfter(steps, firstFault) + (STEPS - summary.steps),
  stepsPaused: steps.filter(({ paused }) => paused).length,
});

const firstOf = (faults: readonly Fault[]): number => Math.min(...faults.map(({ atStep }) => atStep));

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
  const steps: SeenSteps['steps'][number][] = [];
  for await (const message of trainer.messages) {
    if (message.type === 'step') steps.push(message);
    if (message.type === 'summary') return endingOf(message.summary, { steps, firstFault: firstOf(faults) });
  }
  throw new Error(`the trainer of seed ${seed} ended without a summary`);
}

const SETTINGS = { 'risk.rollbackRecentDecisions': 1_000_000, 'risk.rollbackDirectivesMax': 20 } as const;

interface SeenPair {
  readonly pair: ControlPair;
  readonly hostKpis: Kpis;
}

async function pairOf(request: ScenarioRequest, seed: number): Promise<SeenPair> {
  const faults = request.faults.length > 0 ? request.faults : faultsOf(seededRandom(seed));
  const firstFault = firstOf(faults);
  const alone = await uncontrolled(seed, faults);
  const dataDir = `${request.dataDir}/${seed}`;
  const { found: run, hostKpis } = await withHost({ dataDir, settings: SETTINGS }, (at) =>
    driveRun(at, {
      trainingRunId: `seed-${seed}`,
      seed,
      steps: STEPS,
      faults,
      ...(request.sabotaged ? { options: { decisionTimeoutMs: 1 } } : {}),
    }),
  );
  const { steps, decisions } = run.recorder.recording;
  const ordered = decisions.filter(
    ({ step, command, proposed }) => step < firstFault && command === 'PAUSE' && proposed !== 'PAUSE',
  );
  const controlled = endingOf(run.summary, { steps, firstFault });
  const followed = sumOf(run.summary.tally.applied);
  return { pair: { seed, alone, controlled, falsePauses: ordered.length, followed }, hostKpis };
}

/** Pairs of an earlier report that this run goes on from; a seed that is run again is replaced. */
function earlierPairs({ earlier, seed, steps }: ScenarioRequest): readonly ControlPair[] {
  const kept = controlPairsSchema.parse(earlier?.['bySeed'] ?? []);
  return kept.filter((pair) => pair.seed < seed || pair.seed >= seed + steps);
}

async function run(request: ScenarioRequest): Promise<ScenarioOutcome> {
  const found: ControlPair[] = [];
  const hosts: Kpis[] = [];
  for (let index = 0; index < request.steps; index += 1) {
    const { pair, hostKpis } = await pairOf(request, request.seed + index);
    found.push(pair);
    hosts.push(hostKpis);
    request.progress(index + 1, request.steps);
    const [alone, controlled] = [pair.alone.accuracy.toFixed(3), pair.controlled.accuracy.toFixed(3)];
    request.say(`seed ${pair.seed}: alone ${alone}, controlled ${controlled}`);
  }
  const all = [...earlierPairs(request), ...found].sort((a, b) => a.seed - b.seed);
  const weighed = weighPairs(all, seededRandom(1));
  const followed = found.every((pair) => (pair.followed ?? 0) > 0);
  return {
    assertions: [
      assertion('the controlled runs were controlled', followed, String(followed)),
      assertion(
        'no controlled run was lost that its twin survived',
        all.every(({ alone, controlled }) => !controlled.lost || alone.lost),
        `${weighed.lostControlled} lost under control, ${weighed.lostAlone} alone`,
      ),
    ],
    kpis: { ...worstKpis(hosts), final_accuracy: weighed.accuracyControlled },
    recordings: [],
    extra: { ...weighed, bySeed: all },
    figures: valueFigure(
      all.map(({ seed, alone, controlled }) => ({
        seed,
        alone: alone.accuracy,
        controlled: controlled.accuracy,
      })),
    ),
  };
}

export const controlValue: Scenario = {
  about:
    'The same faults on the same seeds with and without control: does control help? What is found is published, whichever way it comes out.',
  sabotage: 'No decision is ever in time for the trainer: nothing is controlled.',
  steps: { short: 2, usual: 24 },
  run,
};
