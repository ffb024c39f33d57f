import { machinePorts } from '../adapters/machine.js';
import { loadNames } from '../adapters/names-file.js';
import type { TrainerEvent } from '../core/trainer-event.js';
import { createTrainer, type StepReport } from '../shell/trainer.js';
import type { Scenario, ScenarioOutcome, ScenarioRequest } from './scenario.js';

/** Steps between two printed lines. */
const LINE_EVERY = 25;

const line = ({ step, measures, timings }: StepReport): string =>
  [
    `step ${String(step).padStart(5)}`,
    `loss ${measures.loss.toFixed(3)}`,
    `validation ${measures.validationLoss.toFixed(3)}`,
    `accuracy ${(100 * measures.validationAccuracy).toFixed(1)} %`,
    `lr ${measures.learningRate.toPrecision(3)}`,
    `${timings.stepMs.toFixed(1)} ms`,
  ].join('  ');

/** The quantile `q` of unsorted values; NaN without any. */
function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

async function run({ seed, steps, faults, say }: ScenarioRequest): Promise<ScenarioOutcome> {
  const events: TrainerEvent[] = [];
  const trainer = createTrainer(
    { trainingRunId: `steady-train-${seed}`, seed, plannedSteps: steps, faults },
    {
      ...machinePorts(),
      // Nothing is sent to this run, so nothing can be let through.
      gate: async () => ({ ok: false, error: { reason: 'uncontrolled' } }),
      onEvent: (event) => {
        events.push(event);
        say(`step ${String(event.step).padStart(5)}  ${event.name} ${JSON.stringify(event.attributes)}`);
      },
    },
    loadNames(),
  );
  const first = trainer.summary();
  const stepMs: number[] = [];
  while (!trainer.finished) {
    const report = await trainer.step();
    if (report === undefined) break;
    stepMs.push(report.timings.stepMs);
    if (report.step === 1 || report.step % LINE_EVERY === 0) say(line(report));
  }
  const summary = trainer.summary();
  say(
    `accuracy on names never seen: ${(100 * first.finalAccuracy).toFixed(1)} % -> ${(100 * summary.finalAccuracy).toFixed(1)} %`,
  );
  const failures = [
    ...(summary.steps === steps
      ? []
      : [`${summary.steps} of ${steps} steps were trained: ${summary.halted ?? 'unknown'}`]),
    ...(faults.length > 0 || summary.finalLoss < first.finalLoss ? [] : ['the loss did not fall']),
  ];
  return {
    json: {
      scenario: 'steady-train',
      seed,
      steps: summary.steps,
      initialAccuracy: first.finalAccuracy,
      finalAccuracy: summary.finalAccuracy,
      finalLoss: summary.finalLoss,
      stepMs: { p50: quantile(stepMs, 0.5), p95: quantile(stepMs, 0.95), p99: quantile(stepMs, 0.99) },
      events: events.length,
      updatesSkipped: summary.tally.updatesSkipped,
    },
    failures,
  };
}

/** The trainer alone, uncontrolled: the baseline every controlled run is compared with. */
export const steadyTrain: Scenario = {
  about: 'the trainer alone, uncontrolled: what a run does when nobody steps in',
  defaultSteps: 250,
  run,
};
