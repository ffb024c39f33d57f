import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountsFor } from '../src/index.js';
import { bench } from './bench.js';

interface Job {
  /** Multiples of 10, so that nothing ends at the instant of a deadline. */
  readonly submitAtMs: number;
  readonly workMs: number;
  /** Ends in 5. */
  readonly deadlineMs: number;
}

/** What a FIFO queue before `slots` deaf servers must answer, worked out job by job. */
function model(jobs: readonly Job[], slots: number): readonly string[] {
  const freeAtMs = new Array<number>(slots).fill(0);
  return jobs.map(({ submitAtMs, workMs, deadlineMs }) => {
    const slot = freeAtMs.indexOf(Math.min(...freeAtMs));
    const startMs = Math.max(submitAtMs, freeAtMs[slot] ?? 0);
    if (startMs > submitAtMs + deadlineMs) return 'timed_out queued';
    freeAtMs[slot] = startMs + workMs;
    return startMs + workMs > submitAtMs + deadlineMs
      ? 'timed_out running'
      : `completed ${startMs + workMs - submitAtMs}`;
  });
}

const tens = (max: number) => fc.integer({ min: 0, max }).map((n) => n * 10);
const job = fc.record({ submitAtMs: tens(20), workMs: tens(12), deadlineMs: tens(15).map((ms) => ms + 5) });

describe('against a naive model', () => {
  it('AW-05: every outcome, its phase and its latency are those of a FIFO queue, and the counters add up at every step', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(job, { maxLength: 24 }), fc.integer({ min: 1, max: 4 }), async (given, slots) => {
        const jobs = [...given].sort((a, b) => a.submitAtMs - b.submitAtMs);
        const { time, worker } = bench({ concurrencyMax: slots, queueMax: 100 });
        const handles = [];
        for (const { submitAtMs, workMs, deadlineMs } of jobs) {
          await time.advance(submitAtMs - time.monoMs());
          handles.push(worker.submit(() => time.sleep(workMs), { deadlineMs }));
          expect(accountsFor(worker.stats())).toBe(true);
        }
        const outcomes = await time.until(Promise.all(handles.map(({ outcome }) => outcome)));
        const seen = outcomes.map((outcome) => {
          if (outcome.kind === 'timed_out') return `timed_out ${outcome.phase}`;
          return outcome.kind === 'completed' ? `completed ${outcome.elapsedMs}` : outcome.kind;
        });
        expect(seen).toEqual(model(jobs, slots));
        await time.until(worker.idle());
        expect(worker.stats()).toMatchObject({ submitted: jobs.length, queued: 0, running: 0, lingering: 0 });
      }),
      { numRuns: 200 },
    );
  });
});
