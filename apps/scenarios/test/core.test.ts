import { describe, expect, it } from 'vitest';
import { compareKpis } from '../src/core/compare-kpis.js';
import { finiteKpis } from '../src/core/kpi-table.js';
import { thinned } from '../src/core/recording.js';
import { seededRandom } from '../src/core/seeded-random.js';
import { bootstrapMean, quantile, slopeRatio } from '../src/core/statistics.js';

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

it('a long series is thinned evenly and keeps its end', () => {
  const points = Array.from({ length: 10_001 }, (_, at) => at);
  const kept = thinned(points, 1_000);
  expect(kept.length).toBeLessThanOrEqual(1_001);
  expect(kept[0]).toBe(0);
  expect(kept.at(-1)).toBe(10_000);
  expect(thinned([1, 2], 10)).toEqual([1, 2]);
});
