import { hasRedis } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import { exploreFailovers } from './failover-explorer.js';
import { failoverFailures } from './failover-rules.js';

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
      ordersLate: 1,
      ordersUndone: 0,
      packetsLate: 1,
      lateStuck: 0,
    });
    expect(totals.commands).toBeGreaterThan(0);
    expect(totals.takeoversMs.length).toBeGreaterThan(0);
    // The frozen host woke up with a write in hand, and the fence stopped it.
    expect(totals.lateRefused).toBeGreaterThan(0);
  });

  /** Each of the two checks of the ledger stops what the other one lets through. */
  it.each([
    ['fence_removed', 'orders that stood were undone'],
    ['sequence_unchecked', 'commands for a packet or a sequence number that had one'],
  ] as const)('oona:failover notices: %s', async (sabotage, what) => {
    const totals = await exploreFailovers({ ...short, onlyLateWrites: true, sabotage });
    expect(totals).toMatchObject({ ordersLate: 1, packetsLate: 1 });
    expect(failoverFailures(totals, short.leaseMs).filter((failure) => failure.includes(what))).toHaveLength(1);
    expect([totals.ordersUndone > 0, totals.commandsTwice > 0]).toEqual([
      sabotage === 'fence_removed',
      sabotage === 'sequence_unchecked',
    ]);
  });
});
