import type { Fault } from '@esper/harness';
import { assertion } from '../core/outcome.js';
import type { MarkPoint } from '../core/recording.js';
import { driveRun } from '../drive/drive-run.js';
import { hangInference } from '../drive/hung-processes.js';
import { runKpis } from '../drive/run-kpis.js';
import { during, together } from '../drive/window.js';
import { alwaysPromised, type Watched, withHost } from '../drive/with-host.js';
import type { Scenario, ScenarioRequest } from './scenario.js';

const RUN = 'chaos';
const SETTINGS = {
  'deadlines.inferenceMs': 300,
  'deadlines.metadataMs': 300,
  'risk.rollbackRecentDecisions': 1_000_000,
} as const;
/** Each fault has a tenth of the run; between two of them there is as much peace. */
const slot = (steps: number, index: number): readonly [number, number] => [
  Math.floor((steps * (1 + 2 * index)) / 12),
  Math.floor((steps * (2 + 2 * index)) / 12),
];

const trainerFaults = (steps: number): readonly Fault[] => [
  { kind: 'forged_command', atStep: Math.floor(steps / 24), steps: 1, value: 0 },
  { kind: 'altered_command', atStep: Math.floor(steps / 24) + 1, steps: 1, value: 0 },
  { kind: 'replayed_command', atStep: Math.floor(steps / 24) + 3, steps: 1, value: 0 },
  { kind: 'nan_gradients', atStep: slot(steps, 2)[0], steps: 2, value: 0 },
  { kind: 'lr_spike', atStep: slot(steps, 4)[0], steps: 4, value: 300 },
];

const hostFaults = (at: Watched, { steps, sabotaged }: ScenarioRequest) => {
  const disk = (index: number, folder: string) =>
    during(
      slot(steps, index),
      () => {
        at.disk.fault = { folders: [folder], code: 'ENOSPC' };
      },
      () => {
        at.disk.fault = undefined;
      },
    );
  const library = (delayMs: number) => () => {
    at.library.delayMs = delayMs;
  };
  return together(
    during(
      slot(steps, 0),
      () => hangInference().then(() => undefined),
      () => undefined,
    ),
    during(slot(steps, 1), library(900), library(0)),
    disk(2, 'bus'),
    disk(3, sabotaged ? 'bus' : 'log'),
  );
};

const FAULTS = ['inference hangs', 'library slow', 'bus down', 'disk full', 'learning rate spikes'] as const;
/** What each fault must have left in the log. */
const EXPECTED = ['TIMEOUT_INFERENCE', 'TIMEOUT_URZA'] as const;

const marksOf = (steps: number): readonly MarkPoint[] =>
  FAULTS.map((name, at) => ({ step: slot(steps, at)[0], name, detail: `until step ${slot(steps, at)[1]}` }));

async function run(request: ScenarioRequest) {
  const { steps, seed } = request;
  const seen = await withHost({ ...request, settings: SETTINGS }, (at) =>
    driveRun(at, {
      trainingRunId: RUN,
      seed,
      steps,
      faults: trainerFaults(steps),
      beforeDecision: hostFaults(at, request),
      onStep: (step) => request.progress(step, steps),
    }),
  );
  const { recorder, summary, commands } = seen.found;
  const { decisions, failures, marks, ...series } = recorder.recording;
  const last = slot(steps, FAULTS.length - 1)[1];
  const after = decisions.filter(({ step }) => step > last).length;
  const inFull = decisions.filter(({ step }) => step >= slot(steps, 3)[0] && step < slot(steps, 3)[1]).length;
  return {
    assertions: [
      ...EXPECTED.map((code) =>
        assertion(
          `the log has failures with ${code}`,
          (seen.log.failures[code] ?? 0) > 0,
          seen.log.failures[code] ?? 0,
        ),
      ),
      assertion('no command left while the disk of the log was full', inFull === 0, inFull),
      assertion(
        'the trainer refused what was forged, altered or replayed',
        rejected(summary.tally.rejected) >= 3,
        JSON.stringify(summary.tally.rejected),
      ),
      assertion('the host decides again after the last fault', after > 0, after),
      assertion(
        'the run came to its end',
        summary.steps === steps && summary.halted === undefined,
        summary.halted ?? summary.steps,
      ),
      assertion('the run learned all the same', summary.finalAccuracy > 0.3, summary.finalAccuracy.toFixed(3)),
      ...alwaysPromised([seen.found], seen),
    ],
    kpis: { ...seen.hostKpis, ...runKpis([seen.found], seen.seconds) },
    recordings: [
      {
        ...series,
        decisions,
        failures,
        samples: seen.samples,
        marks: [...marksOf(steps), ...marks],
      },
    ],
    extra: { failuresByCode: seen.log.failures, commands: commands.length },
  };
}

const rejected = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

export const chaos: Scenario = {
  about:
    'Everything goes wrong in one run, one thing after the other: hung inference, slow library, bus down, disk full, forged commands, NaN gradients, a spike.',
  sabotage: 'The disk of the log is never full: the scenario must notice that a fault had no effect.',
  steps: { short: 120, usual: 360 },
  run,
};
