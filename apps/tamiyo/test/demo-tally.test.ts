import { describe, expect, it } from 'vitest';
import { brokenPromises, countStep, type DemoTally, newTally, percentile } from '../src/demo/demo-tally.js';

/** A demo in which everything held. */
function good(): DemoTally {
  const tally = newTally(60);
  tally.changed.push({
    step: 61,
    proposed: 'SEED',
    command: 'PAUSE',
    reason: 'loss_spike',
    because: 'loss_delta 2 > 0.15',
  });
  Object.assign(tally.spike, { caughtAt: 60, caughtAs: 'loss_spike', recoveredAt: 80 });
  tally.summary = {
    trainingRunId: 'demo-1',
    steps: 120,
    finalLoss: 0.2,
    finalAccuracy: 0.95,
    tally: {
      packets: 120,
      applied: { SEED: 3 },
      refused: {},
      rejected: { invalid_signature: 1, nonce_replayed: 1 },
      failures: {},
      faults: {},
      updatesSkipped: 0,
      seedStages: {},
      restores: [],
      rollback: {},
      emergencies: {},
      emergenciesLate: {},
    },
    metrics: {},
  };
  return tally;
}
const brokenWhen = (spoil: (tally: DemoTally) => void): readonly string[] => {
  const tally = good();
  spoil(tally);
  return brokenPromises(tally, [20, 30]);
};
const withSummary = (tally: DemoTally, change: object): void => {
  if (tally.summary !== undefined) tally.summary = { ...tally.summary, ...change };
};

describe('what the demo asserts', () => {
  it('is silent when everything held, and names each thing that did not', () => {
    expect(brokenWhen(() => undefined)).toEqual([]);
    expect(brokenWhen((tally) => withSummary(tally, { steps: 99 }))).toEqual([expect.stringContaining('99 were made')]);
    expect(brokenWhen((tally) => Object.assign(tally.spike, { caughtAt: undefined }))).toEqual([
      expect.stringContaining('was not caught'),
    ]);
    expect(brokenWhen((tally) => Object.assign(tally.spike, { recoveredAt: undefined }))).toEqual([
      expect.stringContaining('did not recover'),
    ]);
    expect(brokenWhen((tally) => tally.changed.splice(0))).toEqual([expect.stringContaining('changed by risk')]);
    expect(brokenWhen((tally) => withSummary(tally, { tally: { ...good().summary?.tally, applied: {} } }))).toEqual([
      'no command was applied',
    ]);
    expect(brokenWhen((tally) => withSummary(tally, { tally: { ...good().summary?.tally, rejected: {} } }))).toEqual([
      expect.stringContaining('0 were refused'),
    ]);
    expect(brokenWhen((tally) => Object.assign(tally, { summary: undefined }))).toEqual([
      'the trainer gave no summary',
    ]);
  });

  it('of a run that was interrupted it promises only what this start trained', () => {
    const afterSpike = (tally: DemoTally): void => {
      tally.stepsBefore = 75;
      Object.assign(tally.spike, { caughtAt: undefined, recoveredAt: undefined });
      tally.changed.splice(0);
      withSummary(tally, { tally: { ...good().summary?.tally, rejected: {} } });
    };
    expect(brokenWhen(afterSpike)).toEqual([]);
    expect(brokenWhen((tally) => Object.assign(tally, { stepsBefore: 25 }))).toEqual([
      '1 bad commands were injected, 2 were refused',
    ]);
  });

  it('a spike has recovered at the first step near its old level after the worst one', () => {
    const tally = newTally(3);
    for (const [step, loss] of [
      [1, 1],
      [2, 0.5],
      [3, 4],
      [4, Number.NaN],
      [5, 0.54],
      [6, 6],
      [7, 1],
      [8, 0.55],
      [9, 0.3],
    ] as const)
      countStep(tally, step, loss);
    expect(tally.spike).toMatchObject({ before: 0.5, peak: 6, recoveredAt: 8 });
  });

  it('percentiles are values that occurred', () => {
    expect([0.5, 0.95, 0.99].map((share) => percentile([5, 1, 4, 2, 3], share))).toEqual([3, 5, 5]);
    expect(percentile([], 0.5)).toBe(0);
  });
});
