import { describe, expect, it } from 'vitest';
import { VerifierFailures } from '../../src/adapters/verifier-failures.js';

const say = (failures: VerifierFailures, trainingRunId: string, total: number | undefined): number => {
  const trainingMetrics = total === undefined ? {} : { 'kasmina.command_verifier.rejections_total': total };
  failures.saw({ trainingRunId, trainingMetrics });
  return failures.total;
};

describe('refusals of verifiers, as reported back', () => {
  it('adds what is new, over all runs; what was there before and a packet without the total count nothing', () => {
    const failures = new VerifierFailures();
    expect(say(failures, 'a', 7)).toBe(0);
    expect(say(failures, 'a', 9)).toBe(2);
    expect(say(failures, 'b', 0)).toBe(2);
    expect(say(failures, 'b', 1)).toBe(3);
    expect(say(failures, 'a', undefined)).toBe(3);
    expect(say(failures, 'a', 9)).toBe(3);
  });

  it('goes on when an executing side begins anew', () => {
    const failures = new VerifierFailures();
    say(failures, 'a', 0);
    say(failures, 'a', 5);
    expect(say(failures, 'a', 2)).toBe(7);
    expect(say(failures, 'a', Number.NaN)).toBe(7);
  });

  it('remembers a bounded number of runs, and the ones that still report', () => {
    const failures = new VerifierFailures();
    say(failures, 'steady', 0);
    for (let run = 0; run < 4095; run += 1) say(failures, `run-${run}`, 1);
    say(failures, 'steady', 0);
    say(failures, 'one more', 1);
    expect(say(failures, 'steady', 1)).toBe(1);
    expect(say(failures, 'run-0', 9)).toBe(1);
  });
});
