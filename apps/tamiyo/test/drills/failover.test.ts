import { hasRedis } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { exploreFailovers } from './failover-explorer.js';

/** A machine that runs other tests beside this one: nothing here is about how long a move takes. */
const short = { seed: 5, count: 3, runs: 8, leaseMs: 1_000, waitMs: 60_000 };

describe.skipIf(!hasRedis())('two hosts on one Redis, in short', () => {
  it('oona:failover: killed, frozen beyond the lease, cut off: no command twice, everything moves with its run', async () => {
    const totals = await exploreFailovers(short);
    expect(totals).toMatchObject({
      hostsKilled: 1,
      frozen: 1,
      cutOff: 1,
      commandsTwice: 0,
      sequenceRegressions: 0,
      epochsNotRising: 0,
      modeLost: 0,
      breakersLost: 0,
      repeatsWrong: 0,
      unmoved: 0,
    });
    expect(totals.commands).toBeGreaterThan(0);
    expect(totals.takeoversMs.length).toBeGreaterThan(0);
    // The frozen host woke up with a write in hand, and the fence stopped it.
    expect(totals.lateRefused).toBeGreaterThan(0);
  });

  it('oona:failover notices: fence_removed', async () => {
    const { commandsTwice } = await exploreFailovers({
      ...short,
      count: 1,
      first: 'frozen',
      sabotage: 'fence_removed',
    });
    expect(commandsTwice).toBeGreaterThan(0);
  });
});
