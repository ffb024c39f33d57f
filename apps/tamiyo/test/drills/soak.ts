import { type DrillOutcome, parseDurationMs, runDrill, UsageError } from '../../../../tools/drill/drill.ts';
import { exploreSoak, SOAK_SABOTAGES, type SoakSabotage, type SoakTotals } from './soak-explorer.js';
import { round, spread } from './soak-figures.js';
import { soakFailures } from './soak-rules.js';

/** `pnpm tamiyo:soak --rate 200 --duration 10m --deadline 50ms`: a whole host under a steady load. */
const RATE_PER_S = 100;
const DURATION_MS = 6_000;
const DEADLINE_MS = 50;
const LATE_CODES = ['TIMEOUT_INFERENCE', 'INFERENCE_UNAVAILABLE', 'BREAKER_OPEN'];
/** Rates tried for the highest that is held. */
const RATES_PER_S = [100, 200, 300, 400, 600, 800];
const PROBE_MS = 8_000;

await runDrill(
  {
    name: 'tamiyo:soak',
    defaultBudgetMs: 900_000,
    sabotages: SOAK_SABOTAGES,
    options: ['rate', 'duration', 'deadline', 'probe'],
  },
  async ({ own, sabotage }): Promise<DrillOutcome> => {
    const ratePerS = own['rate'] === undefined ? RATE_PER_S : Number(own['rate']);
    const durationMs = own['duration'] === undefined ? DURATION_MS : parseDurationMs(own['duration']);
    const deadlineMs = own['deadline'] === undefined ? DEADLINE_MS : parseDurationMs(own['deadline']);
    if (!(ratePerS > 0)) throw new UsageError(`--rate takes packets per second, got ${own['rate']}`);
    const planted = sabotage === undefined ? {} : { sabotage: sabotage as SoakSabotage };
    const totals = await exploreSoak({ ratePerS, durationMs, deadlineMs, ...planted });
    const probes = own['probe'] === undefined ? {} : await probe(deadlineMs);
    return { json: { ...jsonOf(totals), ...probes }, failures: soakFailures(totals, durationMs) };
  },
);

function jsonOf({ latenciesMs, eventLoopDelayMs, elapsedMs, ...totals }: SoakTotals) {
  return {
    ...totals,
    ratePerS: round((totals.sent * 1000) / elapsedMs, 1),
    latencyMs: spread(latenciesMs),
    eventLoopDelayMs: { p99: round(eventLoopDelayMs.p99), max: round(eventLoopDelayMs.max) },
  };
}

/** The share of packets decided at the 5 ms deadline, and the highest rate of the ladder that fails none. */
async function probe(deadlineMs: number) {
  const strict = await exploreSoak({ ratePerS: 200, durationMs: PROBE_MS, deadlineMs: 5 });
  const late = LATE_CODES.reduce((sum, code) => sum + (strict.failedByCode[code] ?? 0), 0);
  let sustainedPerS = 0;
  for (const ratePerS of RATES_PER_S) {
    const { failed, failedByDisk, behind, elapsedMs } = await exploreSoak({
      ratePerS,
      durationMs: PROBE_MS,
      deadlineMs,
    });
    if (failed > failedByDisk || behind > 0 || elapsedMs > PROBE_MS * 1.1) break;
    sustainedPerS = ratePerS;
  }
  return {
    atFiveMs: {
      offeredPerS: 200,
      decidedPerS: round((strict.decisions * 1000) / strict.elapsedMs, 1),
      lateShare: round(late / strict.sent, 4),
    },
    sustainedPerS,
  };
}
