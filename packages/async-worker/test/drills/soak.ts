import { SeededRandom } from '@esper/testkit';
import { type DrillOutcome, runDrill } from '../../../../tools/drill/drill.ts';
import { createWorker } from '../../src/index.js';
import { nodeWorkerPorts } from '../../src/node.js';
import { runWorkerSoak, type SoakReport } from '../../src/testing.js';
import { FAULTS } from './faults.js';

/** AW-10 in real time: whole rounds of the six scenarios until the budget is spent, or `--count` rounds. */
await runDrill(
  {
    name: 'async-worker:soak',
    defaultBudgetMs: 10_000,
    sabotages: Object.fromEntries(Object.entries(FAULTS).map(([name, { means }]) => [name, means])),
  },
  async ({ seed, budgetMs, count, sabotage }): Promise<DrillOutcome> => {
    const ports = nodeWorkerPorts();
    const fault = sabotage === undefined ? undefined : FAULTS[sabotage];
    const chance = new SeededRandom(seed);
    const endAt = performance.now() + budgetMs;
    const reports: SoakReport[] = [];
    do {
      const report = await runWorkerSoak({
        makeWorker: (options) => {
          const worker = createWorker({ ...options, ...ports });
          return fault === undefined ? worker : fault.plant(worker, ports);
        },
        ...ports,
        chance,
        // One iteration a round; a round of all scenarios takes a few seconds.
        plan: { iterationCount: 1 },
      });
      reports.push(report);
    } while (count === undefined ? performance.now() < endAt : reports.length < count);
    const breaches = reports.flatMap((report) => report.breaches);
    const jobs = reports.flatMap(({ scenarios }) => Object.values(scenarios)).reduce((sum, one) => sum + one.jobs, 0);
    return {
      json: { seed, rounds: reports.length, jobs, breaches: breaches.length, lastRound: reports.at(-1)?.scenarios },
      failures: breaches.slice(0, 10),
    };
  },
);
