import { monoMs } from '@esper/std';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DatedPosition, Watermark } from '../../src/core/watermark.js';

const LIMITS = { leadMs: 1000, sequenceLeadMax: 100, runsMax: 3 };
const at = (sequence: number, issuedAtMs: number, overrides: Partial<DatedPosition> = {}): DatedPosition => ({
  trainingRunId: 'run-1',
  issuerEpoch: 1,
  sequence,
  issuedAtMs,
  ...overrides,
});

/** Steps when needed, as a guard does; how many steps it took. `cameMs`: by the consumer's monotonic clock. */
function accept(mark: Watermark, command: DatedPosition, cameMs = command.issuedAtMs): number {
  if (mark.covers(command)) return 0;
  const cause = { command, at: monoMs(cameMs) };
  mark.apply(mark.nextStep(cause), cause);
  expect(mark.covers(command)).toBe(true);
  return 1;
}

describe('watermark', () => {
  it('covers nothing before the first step', () => {
    expect(new Watermark(LIMITS).covers(at(0, 0))).toBe(false);
  });

  it('a step covers its command, in time, epoch and sequence, and nothing beyond', () => {
    const mark = new Watermark(LIMITS);
    accept(mark, at(7, 5000));
    expect(mark.covers(at(7, 5999))).toBe(true);
    expect(mark.covers(at(7, 6000))).toBe(false);
    expect(mark.covers(at(8, 5999))).toBe(false);
    expect(mark.covers(at(7, 5999, { issuerEpoch: 2 }))).toBe(false);
    expect(mark.covers(at(7, 5999, { trainingRunId: 'run-2' }))).toBe(false);
  });

  it('takes few steps: about four per lead for a fast run', () => {
    const mark = new Watermark(LIMITS);
    let steps = 0;
    for (let n = 0; n < 1000; n++) steps += accept(mark, at(n, 10 * n));
    expect(steps).toBeLessThan(80);
  });

  it('goes as far ahead in sequence numbers as the run goes in a quarter of a lead, and no further', () => {
    const boundOf = (mark: Watermark) => [...mark.runs][0]?.[1].sequenceBelow;
    const mark = new Watermark(LIMITS);
    accept(mark, at(1, 0));
    expect(boundOf(mark)).toBe(2); // nothing is known of its pace
    accept(mark, at(2, 60_000));
    expect(boundOf(mark)).toBe(3); // slower than one per lead
    accept(mark, at(12, 62_000));
    expect(boundOf(mark)).toBe(14); // five per lead, a quarter of it, rounded down
    accept(mark, at(22, 63_001));
    expect(boundOf(mark)).toBe(25); // ten per lead, a quarter of it, rounded down
    accept(mark, at(33, 63_001));
    expect(boundOf(mark)).toBe(45); // a burst: as many as were used
    accept(mark, at(100_000, 63_001));
    expect(boundOf(mark)).toBe(100_101); // bounded
  });

  it('D-32: a date that is moved makes no run look faster than it is', () => {
    const leadAfter = (issuedAtMs: number, cameMs: number) => {
      const mark = new Watermark(LIMITS);
      accept(mark, at(1, 1_000_000), 0);
      const step = mark.nextStep({ command: at(13, issuedAtMs), at: monoMs(cameMs) });
      return step.sequenceBelow - 14;
    };
    expect(leadAfter(1_003_000, 3000)).toBe(1); // four per lead, a quarter of it
    expect(leadAfter(1_000_010, 3000)).toBe(1); // the date went back by three seconds on the way
    expect(leadAfter(900_000, 3000)).toBe(1); // and by more
    expect(leadAfter(1_003_000, 10)).toBe(1); // they had waited on the way, and came together
    expect(leadAfter(2_000_000, 3000)).toBe(0); // the date went forward: careful
    expect(leadAfter(1_000_000, 0)).toBe(12); // all at once, by both clocks
  });

  it('a new epoch at the same place and time asks for a step that goes no further', () => {
    const mark = new Watermark(LIMITS);
    accept(mark, at(5, 1000));
    accept(mark, at(5, 1000, { issuerEpoch: 2 }));
    expect([...mark.runs]).toMatchObject([['run-1', { issuerEpoch: 2, sequenceBelow: 6 }]]);
  });

  it('stays short in time when the clock went back and the date no longer asks for steps', () => {
    const mark = new Watermark(LIMITS);
    accept(mark, at(0, 10_000_000));
    for (let n = 1; n < 3000; n++) accept(mark, at(n, 10 * n), 10_000_000 + 10 * n);
    const [run] = [...mark.runs];
    expect((run?.[1].sequenceBelow ?? 0) - 3000).toBeLessThanOrEqual(LIMITS.leadMs / 40);
  });

  it('never comes down, and never stops covering what it covered', () => {
    const command = fc.record({
      trainingRunId: fc.constantFrom('a', 'b'),
      issuerEpoch: fc.nat(3),
      sequence: fc.nat(50),
      issuedAtMs: fc.nat(5000),
    });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const mark = new Watermark(LIMITS);
        for (const [index, next] of commands.entries()) {
          accept(mark, next, 10 * index);
          for (const earlier of commands.slice(0, index)) expect(mark.covers(earlier)).toBe(true);
        }
      }),
    );
  });

  it('is the same after its steps are read back, whole or rewritten', () => {
    const mark = new Watermark(LIMITS);
    const steps = [at(1, 0), at(2, 2000), at(1, 2500, { trainingRunId: 'run-2', issuerEpoch: 4 })].map((command) => {
      const cause = { command, at: monoMs(command.issuedAtMs) };
      const step = mark.nextStep(cause);
      mark.apply(step, cause);
      return step;
    });
    for (const read of [new Watermark(LIMITS, steps), new Watermark(LIMITS, mark.toSteps())]) {
      expect(read.toSteps()).toEqual(mark.toSteps());
      expect(read.issuedBeforeMs).toBe(3500);
    }
  });

  it('remembers a bounded number of runs, the latest', () => {
    const mark = new Watermark(LIMITS);
    for (const trainingRunId of ['a', 'b', 'c', 'a', 'd']) accept(mark, at(1, 0, { trainingRunId }));
    // The second `a` was covered by its first step, so `a` stepped longest ago.
    expect([...mark.runs].map(([run]) => run)).toEqual(['b', 'c', 'd']);
  });
});
