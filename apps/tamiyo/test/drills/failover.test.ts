import { systemTimers } from '@esper/oona/node';
import { redisConnections } from '@esper/oona/redis';
import { createRedisLedger } from '@esper/run-ownership';
import { ledgerContract } from '@esper/run-ownership/testing';
import { hasRedis, type RedisServer, startRedis } from '@esper/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exploreFailovers } from './failover-explorer.js';
import { FailoverProxy, type Rewrites } from './failover-proxy.js';
import { failoverFailures } from './failover-rules.js';
import { type FailoverSabotage, rewritesOf } from './failover-sabotages.js';

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

/** What each planted fault breaks of a ledger's promises. The long forms notice each with two hosts; this tells that each is planted. */
const BREAKS: Readonly<Record<FailoverSabotage, string>> = {
  nothing_checked: 'overtaken cannot write',
  fence_removed: 'overtaken cannot write',
  sequence_unchecked: 'accepted once, and never falls',
  token_stuck: 'tokens rise',
  state_forgotten: 'state and sequence with it',
  answers_forgotten: 'gets its stored bytes',
  lease_forever: 'a lease that ran out goes to another host',
};

describe.skipIf(!hasRedis())('what the drill plants', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis({ fsync: 'everysec' });
  });
  afterAll(() => redis.stop());

  /** The promises of a ledger that one behind these rewrites does not keep. */
  async function brokenPromises(keyPrefix: string, rewrites: Rewrites): Promise<readonly string[]> {
    const proxy = new FailoverProxy(redis.port, rewrites);
    const connection = await redisConnections(`redis://127.0.0.1:${await proxy.listen()}/0`).open();
    const ledger = createRedisLedger({ connection, timers: systemTimers }, { keyPrefix, answerWithinMs: 20_000 });
    const broken: string[] = [];
    for (const { name, run } of ledgerContract)
      await run(ledger, name).catch((cause: Error) => broken.push(`${name}: ${cause.message}`));
    connection.close();
    await proxy.close();
    return broken;
  }

  it('is nothing by default: the way to Redis changes nothing', async () => {
    expect(await brokenPromises('as-it-is', [])).toEqual([]);
  });

  it.each(Object.entries(BREAKS) as [FailoverSabotage, string][])('is a fault: %s', async (sabotage, what) => {
    expect(await brokenPromises(sabotage, rewritesOf(sabotage))).toContainEqual(expect.stringContaining(what));
  });
});
