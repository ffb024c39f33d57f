import { describe, expect, it } from 'vitest';
import { compareKpis } from '../src/core/compare-kpis.js';
import { stepsLostAfter, weighPairs } from '../src/core/control-pairs.js';
import { finiteKpis, worstKpis } from '../src/core/kpi-table.js';
import { assertion } from '../src/core/outcome.js';
import { thinned } from '../src/core/recording.js';
import { joinRounds } from '../src/core/rounds.js';
import { seededRandom } from '../src/core/seeded-random.js';
import { bootstrapMean, quantile, slopeRatio } from '../src/core/statistics.js';

describe('figures of several runs', () => {
  it('the worst of each counts: the highest where less is better, the lowest where more is', () => {
    const runs = [
      { rss_bytes_max: 5, final_accuracy: 0.9 },
      { rss_bytes_max: 7, final_accuracy: 0.8, decisions: 3 },
    ];
    expect(worstKpis(runs)).toEqual({ rss_bytes_max: 7, final_accuracy: 0.8, decisions: 3 });
  });
});

describe('statistics', () => {
  it('a quantile is a value that occurred; without values there is none', () => {
    expect([0, 0.5, 0.99, 1].map((share) => quantile([4, 1, 3, 2], share))).toEqual([1, 3, 4, 4]);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('the bootstrap interval holds the mean, is narrower with more values, and depends on the seed alone', () => {
    const values = Array.from({ length: 40 }, (_, at) => at % 7);
    const interval = bootstrapMean(values, seededRandom(3));
    expect(interval.low).toBeLessThan(interval.mean);
    expect(interval.high).toBeGreaterThan(interval.mean);
    const wider = bootstrapMean(values.slice(0, 8), seededRandom(3));
    expect(wider.high - wider.low).toBeGreaterThan(interval.high - interval.low);
    expect(bootstrapMean(values, seededRandom(3))).toEqual(interval);
  });

  it('slopeRatio is of the second half alone: a rise at the beginning is no leak', () => {
    expect(slopeRatio([0, 50, 100, 100, 100, 100])).toBe(0);
    expect(slopeRatio([100, 100, 100, 100, 105, 110])).toBeCloseTo(0.0952, 3);
    expect(slopeRatio([1])).toBe(0);
  });
});

describe('figures against an earlier run', () => {
  it('a change within tolerance or noise is the same; beyond, its direction decides', () => {
    const before = { decision_ms_p50: 10, decisions: 100, deadline_misses: 0, final_accuracy: 0.9 };
    const now = { decision_ms_p50: 14, decisions: 60, deadline_misses: 1, inference_ms_p50: 3 };
    expect(Object.fromEntries(compareKpis(before, now).map(({ name, verdict }) => [name, verdict]))).toEqual({
      decision_ms_p50: 'same',
      inference_ms_p50: 'new',
      decisions: 'worse',
      deadline_misses: 'worse',
      final_accuracy: 'gone',
    });
    expect(compareKpis({ decision_ms_p50: 10 }, { decision_ms_p50: 4 })[0]?.verdict).toBe('better');
  });

  it('a figure that is no number is left out, never shown as one', () => {
    expect(finiteKpis({ decision_ms_p50: Number.NaN, decisions: 3 })).toEqual({ decisions: 3 });
  });
});

describe('pairs of runs with and without control', () => {
  const ending = (accuracy: number, lost = false, stepsLost = 0) => ({ accuracy, lost, stepsLost, stepsPaused: 0 });

  it('a step is lost when validation is no number or clearly above its best before the fault', () => {
    const losses = [1, 0.5, 0.52, 0.9, Number.NaN, 0.55, 0.54];
    const steps = losses.map((validationLoss, at) => ({ step: at + 1, validationLoss }));
    expect(stepsLostAfter(steps, 4)).toBe(2);
  });

  it('all pairs together: gain, losses, steps saved, whichever way they come out', () => {
    const pairs = [
      { seed: 1, alone: ending(0.1, true, 100), controlled: ending(0.9, false, 20), falsePauses: 0 },
      { seed: 2, alone: ending(0.9, false, 5), controlled: ending(0.8, false, 15), falsePauses: 2 },
    ];
    expect(weighPairs(pairs, seededRandom(1))).toMatchObject({
      accuracyGain: { mean: 0.35 },
      controlledBetter: 1,
      controlledWorse: 1,
      lostAlone: 1,
      lostControlled: 0,
      stepsSaved: { mean: 35 },
      falsePauses: { mean: 1 },
    });
  });
});

describe('rounds', () => {
  const round = (seed: number, held: boolean) => ({
    seed,
    outcome: { assertions: [assertion('it held', held, 'x')], kpis: { decisions: seed }, recordings: [], extra: {} },
  });

  it('of many the last is shown, or the first that broke, and every broken promise counts', () => {
    expect(joinRounds([round(1, true)])).toMatchObject({ kpis: { decisions: 1 }, extra: { rounds: 1 } });
    expect(joinRounds([round(1, true), round(2, true)])).toMatchObject({
      kpis: { decisions: 2 },
      extra: { rounds: 2 },
    });
    const broken = joinRounds([round(1, true), round(2, false), round(3, false)]);
    expect(broken.extra).toMatchObject({ shownSeed: 2, failedSeeds: [2, 3] });
    expect(broken.assertions.filter(({ held }) => !held).map(({ seen }) => seen)).toEqual(['x', 'x (seed 3)']);
  });
});

it('a long series is thinned evenly and keeps its end', () => {
  const points = Array.from({ length: 10_001 }, (_, at) => at);
  const kept = thinned(points, 1_000);
  expect(kept.length).toBeLessThanOrEqual(1_001);
  expect(kept[0]).toBe(0);
  expect(kept.at(-1)).toBe(10_000);
  expect(thinned([1, 2], 10)).toEqual([1, 2]);
});
