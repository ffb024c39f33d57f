import { expect, it } from 'vitest';
import { resolveTrainerOptions, type TrainerOptions } from '../src/options.js';

it('fills in defaults, freezes, and leaves the given object alone', () => {
  const given = Object.freeze({ trainingRunId: 'run-1' });
  const resolved = resolveTrainerOptions(given);
  expect(resolved).toMatchObject({ seed: 1, plannedSteps: 250, batchSize: 64, decisionTimeoutMs: 2000, faults: [] });
  expect(Object.isFrozen(resolved)).toBe(true);
});

const wrong: readonly (readonly [keyof TrainerOptions, unknown])[] = [
  ['trainingRunId', ''],
  ['trainingRunId', 'a b'],
  ['trainingRunId', 'x'.repeat(129)],
  ['seed', -1],
  ['seed', 1.5],
  ['plannedSteps', 0],
  ['plannedSteps', Number.NaN],
  ['width', 1],
  ['batchSize', 6],
  ['batchSize', 100_000],
  ['baseLearningRate', 0],
  ['baseLearningRate', Number.NaN],
  ['momentum', 1],
  ['featureCount', 8],
  ['trainingSamples', 1],
  ['validationSamples', Number.POSITIVE_INFINITY],
  ['validationSlice', 10_000],
  ['namesPerSample', 0],
  ['nonFiniteGradients', 'ignore'],
  ['decisionTimeoutMs', 0],
  ['goodDecisionsToRecover', 0],
  ['snapshotEverySteps', 0],
  ['snapshotMarginSteps', -1],
  ['snapshotsMax', 0],
  ['snapshotBytesMax', 0],
  ['checkpointEverySteps', 0],
  ['fastRestoreDeadlineMs', 0],
  ['fullRestoreDeadlineMs', -5],
];

it.each(wrong)('%s: %j is refused by name', (name, value) => {
  const attempt = () => resolveTrainerOptions({ trainingRunId: 'run-1', [name]: value } as TrainerOptions);
  expect(attempt).toThrow(expect.objectContaining({ code: 'HARNESS_OPTION_INVALID' }));
  expect(attempt).toThrow(new RegExp(name));
});

it('faults are checked one by one', () => {
  const fault = { kind: 'lr_spike', atStep: 5, steps: 1, value: 0 } as const;
  expect(() => resolveTrainerOptions({ trainingRunId: 'r', faults: [fault] })).toThrow(/lr_spike: value/);
});
