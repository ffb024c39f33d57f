import { AsyncLocalStorage } from 'node:async_hooks';
import { SeededRandom } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { type AsyncWorker, createWorker } from '../src/index.js';
import { latencyHistogram, runWorkerSoak, SOAK_SCENARIOS, type SoakReport, VirtualTime } from '../src/testing.js';
import { FAULTS } from './drills/faults.js';

function soak(
  seed: number,
  plant: (worker: AsyncWorker, time: VirtualTime) => AsyncWorker = (w) => w,
): Promise<SoakReport> {
  const time = new VirtualTime();
  return time.until(
    runWorkerSoak({
      makeWorker: (options) =>
        plant(createWorker({ ...options, clock: time, timers: time, scope: new AsyncLocalStorage<object>() }), time),
      clock: time,
      timers: time,
      chance: new SeededRandom(seed),
      plan: { iterationCount: 1, overshootMsMax: 1 },
    }),
  );
}

describe('soak, in virtual time', () => {
  it('AW-10, D-31: six scenarios keep every promise, and the same seed gives the same report', async () => {
    const report = await soak(1);
    expect(report.breaches).toEqual([]);
    expect(Object.keys(report.scenarios)).toEqual([...SOAK_SCENARIOS]);
    expect(report.scenarios.timeout.outcomes.timed_out).toBeGreaterThan(0);
    expect(report.scenarios.mid_flight_cancel.outcomes.cancelled).toBeGreaterThan(0);
    expect(report.scenarios.failure_propagation.outcomes.failed).toBeGreaterThan(0);
    expect(report.scenarios.rapid_reconfiguration.outcomes.cancelled).toBeGreaterThan(0);
    expect(report.scenarios.concurrent_load).toMatchObject({ jobs: 128, outcomes: { completed: 128 } });
    expect(report.scenarios.jitter_storm.latency.count).toBe(128);
    expect(await soak(1)).toEqual(report);
    expect(await soak(2)).not.toEqual(report);
  });

  it.each([3, 4, 5, 6, 7, 8, 9, 10])('keeps them with seed %i', async (seed) => {
    expect((await soak(seed)).breaches).toEqual([]);
  });

  it.each(Object.entries(FAULTS))('CLI-09: the soak notices %s', async (_name, fault) => {
    const report = await soak(1, (worker, time) => fault.plant(worker, { timers: time }));
    expect(report.breaches).not.toEqual([]);
  });
});

describe('latencyHistogram', () => {
  it('gives exact percentiles by nearest rank and counts into buckets', () => {
    expect(latencyHistogram([])).toMatchObject({ count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
    const made = latencyHistogram([0.5, 1, 3, 60, 4000]);
    expect(made).toMatchObject({ count: 5, p50Ms: 3, p95Ms: 4000, maxMs: 4000 });
    expect(made.counts).toEqual([2, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });
});
