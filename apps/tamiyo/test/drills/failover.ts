import { type DrillOutcome, runDrill, wholeNumber } from '../../../../tools/drill/drill.ts';
import { exploreFailovers } from './failover-explorer.js';
import { failoverFailures, statedMs } from './failover-rules.js';
import { FAILOVER_SABOTAGES, type FailoverSabotage } from './failover-sabotages.js';
import { spread } from './soak-figures.js';

/** `pnpm oona:failover`: two hosts and one Redis; one host at a time is killed, frozen beyond its lease, or cut off. */
const COUNT = 6;
const RUNS = 100;
const LEASE_MS = 2_000;
/** After the lease: beyond the stated time, so that what took too long is measured. */
const WAIT_MS = 20_000;

await runDrill(
  { name: 'oona:failover', defaultBudgetMs: 900_000, sabotages: FAILOVER_SABOTAGES, options: ['runs', 'lease'] },
  async ({ seed, count = COUNT, sabotage, own }): Promise<DrillOutcome> => {
    const leaseMs = wholeNumber('lease', own['lease'], 1) ?? LEASE_MS;
    const totals = await exploreFailovers({
      seed,
      count,
      runs: wholeNumber('runs', own['runs'], 1) ?? RUNS,
      leaseMs,
      waitMs: leaseMs + WAIT_MS,
      ...(sabotage === undefined ? {} : { sabotage: sabotage as FailoverSabotage }),
    });
    const { takeoversMs, ...rest } = totals;
    const takeoverMs = { ...spread(takeoversMs), stated: statedMs(leaseMs), count: takeoversMs.length };
    return { json: { ...rest, takeoverMs }, failures: failoverFailures(totals, leaseMs) };
  },
);
