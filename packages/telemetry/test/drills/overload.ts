import { type DrillFlags, type DrillOutcome, type DrillSpec, runDrill } from '../../../../tools/drill/drill.js';
import { exploreOverload, type OverloadTally, overloadFailures } from './overload-explorer.js';
import { OVERLOAD_FAULTS, type OverloadFault } from './overload-faults.js';

/** `pnpm telemetry:overload`: `--count N` runs until N CRITICAL packets are acknowledged, else `--budget` sets the time. */
const SPEC: DrillSpec = { name: 'telemetry:overload', defaultBudgetMs: 20_000, sabotages: OVERLOAD_FAULTS };
const CALM_TICKS = 300;
/** Share of the budget under load; the rest goes to the calm measurement and the second process. */
const LOAD_SHARE = 0.3;
const LOAD_MS_MIN = 2000;

async function drill({ seed, count, budgetMs, sabotage }: DrillFlags): Promise<DrillOutcome> {
  const loadMs = Math.max(LOAD_MS_MIN, budgetMs * LOAD_SHARE);
  // Counted from the first sign of life: starting a process says nothing about telemetry.
  let from: number | undefined;
  const until = ({ acked }: OverloadTally): boolean => {
    from ??= performance.now();
    return count === undefined ? performance.now() - from > loadMs : acked.size >= count;
  };
  const fault = sabotage === undefined ? {} : { fault: sabotage as OverloadFault };
  const report = await exploreOverload({ seed, calmTicks: CALM_TICKS, until, ...fault });
  return { json: { ...report }, failures: overloadFailures(report) };
}

await runDrill(SPEC, drill);
