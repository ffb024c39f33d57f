import type { SoakTotals } from './soak-explorer.js';

/** A host that has just started still grows: memory is only judged closely over minutes. */
const SLOPE_MAX = 0.05;
const SLOPE_MAX_SHORT = 0.2;
const LONG_MS = 120_000;
const LOOP_DELAY_MS_MAX = 50;
/** With more than this share of all decisions failed by the disk, nothing is said about the host. */
const DISK_SHARE_MAX = 0.05;

/** What of a soak does not hold; empty when all is well. */
export function soakFailures(totals: SoakTotals, durationMs: number): readonly string[] {
  const slopeMax = durationMs >= LONG_MS ? SLOPE_MAX : SLOPE_MAX_SHORT;
  const { p99 } = totals.eventLoopDelayMs;
  const rules: readonly (readonly [broken: boolean, what: string])[] = [
    [totals.decisions === 0, 'nothing was decided'],
    [
      totals.failed > totals.failedByDisk,
      `${totals.failed} good packets got no command, ${totals.failedByDisk} of them while the bare disk stood still: ${JSON.stringify(totals.failedByCode)}`,
    ],
    [
      totals.failedByDisk > DISK_SHARE_MAX * totals.sent,
      `the disk failed ${totals.failedByDisk} of ${totals.sent} decisions: too many to judge the host`,
    ],
    [totals.repeated > 0, `${totals.repeated} new packets got an old answer`],
    [!totals.ledgerExact, 'telemetry does not account for every packet'],
    [!totals.logExact, 'the log does not hold every decision'],
    [totals.rssSlopeRatio > slopeMax, `memory rises by ${totals.rssSlopeRatio} of its mean, at most ${slopeMax}`],
    [!(p99 < LOOP_DELAY_MS_MAX), `the event loop is late by ${p99.toFixed(1)} ms at p99, below ${LOOP_DELAY_MS_MAX}`],
  ];
  return rules.filter(([broken]) => broken).map(([, what]) => what);
}
