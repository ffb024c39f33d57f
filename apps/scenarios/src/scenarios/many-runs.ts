import { assertion } from '../core/outcome.js';
import { driveRun } from '../drive/drive-run.js';
import { runKpis } from '../drive/run-kpis.js';
import { alwaysPromised, withHost } from '../drive/with-host.js';
import type { Scenario, ScenarioRequest } from './scenario.js';

/** Trainers at once: real processes, so a small machine bounds it. */
const TRAINERS = 3;

async function run(request: ScenarioRequest) {
  let done = 0;
  const seen = await withHost(request, (at) =>
    Promise.all(
      Array.from({ length: TRAINERS }, (_, index) =>
        driveRun(at, {
          trainingRunId: request.sabotaged ? 'many-0' : `many-${index}`,
          seed: request.seed + index,
          steps: request.steps,
          // One of them is spiked: the others must not feel it.
          faults:
            index === 0 ? [{ kind: 'lr_spike', atStep: Math.floor(request.steps / 2), steps: 4, value: 300 }] : [],
          onStep: () => {
            done += 1;
            request.progress(done, TRAINERS * request.steps);
          },
        }),
      ),
    ),
  );
  const runs = seen.found;
  const exploded = runs.filter(({ recorder }) =>
    recorder.recording.decisions.some(({ reason }) => reason === 'loss_spike' || reason === 'rollback_required'),
  ).length;
  const sequences = runs.map(({ commands }) => commands.map(({ identity }) => identity.sequence));
  const rising = sequences.every((of) => of.every((sequence, at) => at === 0 || sequence > (of[at - 1] as number)));
  const gaps = sequences.every((of) => (of.at(-1) ?? 0) === of.length);
  return {
    assertions: [
      assertion(
        'every run was decided at every step',
        runs.every(({ commands }) => commands.length === request.steps),
        runs.map(({ commands }) => commands.length).join(', '),
      ),
      assertion('sequence numbers rise in each run, without gaps', rising && gaps, String(rising && gaps)),
      assertion('a spike in one run is felt by that run alone', exploded <= 1, `${exploded} of ${TRAINERS}`),
      ...alwaysPromised(runs, seen),
    ],
    kpis: { ...seen.hostKpis, ...runKpis(runs, seen.seconds) },
    recordings: runs.map(({ recorder }, at) =>
      at === 0 ? { ...recorder.recording, samples: seen.samples } : recorder.recording,
    ),
    extra: { runs: TRAINERS },
  };
}

export const manyRuns: Scenario = {
  about: 'Several trainers on one host at once, one of them in trouble: runs are independent.',
  sabotage: 'All trainers report under one run id.',
  steps: { short: 40, usual: 120 },
  run,
};
