import type { Settlement } from '../core/delivery.js';
import type { FieldReportStats } from '../core/metrics.js';

/** The running totals behind the stats. */
type Totals = {
  -readonly [Field in Exclude<
    keyof FieldReportStats,
    'pending' | 'retryBacklog' | 'openWindows' | 'unrecordedNotes' | 'dispatchLatencyMs' | 'dispatchLatencyMaxMs'
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
  publishPausesTotal: 0,
});

/** Which total counts each settlement. */
export const SETTLEMENT_TOTALS = {
  published: 'publishedTotal',
  acknowledged: 'acknowledgedTotal',
  unacknowledged: 'unacknowledgedTotal',
  dropped: 'droppedTotal',
} as const satisfies Readonly<Record<Settlement, keyof Totals>>;
