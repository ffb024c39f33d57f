import type { FieldReportStats } from '../core/metrics.js';

/** The running totals behind the stats. */
type Totals = {
  -readonly [Field in Exclude<
    keyof FieldReportStats,
    'pending' | 'retryBacklog' | 'openWindows' | 'unrecordedNotes'
  >]: FieldReportStats[Field];
};

export const newTotals = (): Totals => ({
  publishedTotal: 0,
  acknowledgedTotal: 0,
  unacknowledgedTotal: 0,
  retriesTotal: 0,
  droppedTotal: 0,
  synthesisedTotal: 0,
  duplicatesTotal: 0,
  noteFailuresTotal: 0,
  damagedNotesTotal: 0,
  observerFailuresTotal: 0,
  dispatchLatencyMs: 0,
  dispatchLatencyMaxMs: 0,
});
