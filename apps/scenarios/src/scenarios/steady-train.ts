import { startTrainerProcess } from '@esper/harness';
import { assertion } from '../core/outcome.js';
import { quantile } from '../core/statistics.js';
import { driveRun } from '../drive/drive-run.js';
import { runKpis } from '../drive/run-kpis.js';
import { SHAPE } from '../drive/scenario-host.js';
import { alwaysPromised, sumOf, withHost } from '../drive/with-host.js';
import type { Scenario, ScenarioRequest } from './scenario.js';

/** The same trainer with nobody to ask: what a step costs by itself. */
async function uncontrolledStepMs({ seed, steps, faults }: ScenarioRequest): Promise<readonly number[]> {
  const trainer = startTrainerProcess({
    options: {
      trainingRunId: 'uncontrolled',
      plannedSteps: steps,
      seed,
      width: SHAPE.width,
      featureCount: SHAPE.inputs,
      faults,
    },
    controlled: false,
  });
  const stepMs: number[] = [];
  for await (const message of trainer.messages) if (message.type === 'step') stepMs.push(message.stepMs);
  return stepMs;
}

export const steadyTrain: Scenario = {
  about: 'One run, nothing goes wrong: what being controlled costs a training step.',
  sabotage: 'The host refuses every packet: nothing is controlled.',
  steps: { short: 60, usual: 250 },
  run: async (request) => {
    request.say('the trainer alone');
    const alone = await uncontrolledStepMs(request);
    request.say('the trainer under control');
    const seen = await withHost({ ...request, settings: { idempotencyMs: 60_000 } }, (at) =>
      driveRun(at, {
        trainingRunId: 'steady',
        seed: request.seed,
        steps: request.steps,
        faults: request.faults,
        onStep: (step) => request.progress(step, request.steps),
        ...(request.sabotaged ? { beforeDecision: () => void at.host.close() } : {}),
      }),
    );
    const run = seen.found;
    const kpis = runKpis([run], seen.seconds);
    const aloneP50 = quantile(alone, 0.5);
    const controlledP50 = quantile(
      run.recorder.recording.steps.map(({ stepMs }) => stepMs),
      0.5,
    );
    return {
      assertions: [
        assertion(
          'every step was decided',
          run.commands.length === request.steps,
          `${run.commands.length} of ${request.steps}`,
        ),
        assertion(
          'commands were verified and followed',
          sumOf(run.summary.tally.applied) > 0,
          sumOf(run.summary.tally.applied),
        ),
        assertion(
          'the run learned',
          request.faults.length > 0 || run.summary.finalAccuracy > 0.3,
          run.summary.finalAccuracy.toFixed(3),
        ),
        ...alwaysPromised([run], seen),
      ],
      kpis: {
        ...seen.hostKpis,
        ...kpis,
        trainer_step_uncontrolled_ms_p50: aloneP50,
        control_cost_ms_p50: controlledP50 - aloneP50,
      },
      recordings: [{ ...run.recorder.recording, samples: seen.samples }],
      extra: { stepMsAlone: aloneP50, stepMsControlled: controlledP50 },
    };
  },
};
