import { describe, expect, it } from 'vitest';
import { exploreOverload, overloadFailures } from './overload-explorer.js';
import { OVERLOAD_FAULTS, type OverloadFault } from './overload-faults.js';

const ACKED_MIN = 600;

describe('the overload drill, in short', () => {
  it('RT-20: a hundred times the base load, a hung sink and a SIGKILL lose no CRITICAL packet that was acknowledged', async () => {
    const report = await exploreOverload({ seed: 1, calmTicks: 0, until: ({ acked }) => acked.size >= ACKED_MIN });
    expect(overloadFailures(report)).toEqual([]);
    expect(report.criticalAcked).toBeGreaterThanOrEqual(ACKED_MIN);
  });

  it.each(Object.keys(OVERLOAD_FAULTS) as OverloadFault[])('catches: %s', async (fault) => {
    const report = await exploreOverload({
      seed: 1,
      fault,
      calmTicks: 0,
      until: ({ acked, emitted }) => acked.size >= ACKED_MIN || emitted > 20_000,
    });
    expect(overloadFailures(report)).not.toEqual([]);
  });
});
