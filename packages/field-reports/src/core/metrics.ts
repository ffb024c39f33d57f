/** Counters since the start (cumulative, D-12d) and gauges of now. */
export interface FieldReportStats {
  readonly publishedTotal: number;
  readonly acknowledgedTotal: number;
  readonly unacknowledgedTotal: number;
  readonly retriesTotal: number;
  readonly droppedTotal: number;
  readonly synthesisedTotal: number;
  readonly duplicatesTotal: number;
  readonly noteFailuresTotal: number;
  readonly damagedNotesTotal: number;
  readonly observerFailuresTotal: number;
  /** How often a bus that was slow again and again was left alone for a while. */
  readonly publishPausesTotal: number;
  /** Reports that wait for the bus or for their consumer. */
  readonly pending: number;
  /** Those of them that have failed at least once. */
  readonly retryBacklog: number;
  readonly openWindows: number;
  /** Notes that still have to be made durable. */
  readonly unrecordedNotes: number;
  /** From the report's being known to its being taken, last and longest, in ms. */
  readonly dispatchLatencyMs: number;
  readonly dispatchLatencyMaxMs: number;
}

/** Metric names of the summary packet. Names are API. */
export const FIELD_REPORT_METRICS = {
  'tamiyo.field_reports.published_total': { field: 'publishedTotal', unit: 'count' },
  'tamiyo.field_reports.acknowledged_total': { field: 'acknowledgedTotal', unit: 'count' },
  'tamiyo.field_reports.unacknowledged_total': { field: 'unacknowledgedTotal', unit: 'count' },
  'tamiyo.field_reports.retries_total': { field: 'retriesTotal', unit: 'count' },
  'tamiyo.field_reports.dropped_total': { field: 'droppedTotal', unit: 'count' },
  'tamiyo.field_reports.synthesised_total': { field: 'synthesisedTotal', unit: 'count' },
  'tamiyo.field_reports.duplicates_total': { field: 'duplicatesTotal', unit: 'count' },
  'tamiyo.field_reports.note_failures_total': { field: 'noteFailuresTotal', unit: 'count' },
  'tamiyo.field_reports.damaged_notes_total': { field: 'damagedNotesTotal', unit: 'count' },
  'tamiyo.field_reports.observer_failures_total': { field: 'observerFailuresTotal', unit: 'count' },
  'tamiyo.field_reports.publish_pauses_total': { field: 'publishPausesTotal', unit: 'count' },
  'tamiyo.field_reports.pending': { field: 'pending', unit: 'count' },
  'tamiyo.field_reports.retry_backlog': { field: 'retryBacklog', unit: 'count' },
  'tamiyo.field_reports.open_windows': { field: 'openWindows', unit: 'count' },
  'tamiyo.field_reports.unrecorded_notes': { field: 'unrecordedNotes', unit: 'count' },
  field_report_dispatch_latency_ms: { field: 'dispatchLatencyMs', unit: 'ms' },
  field_report_dispatch_latency_max_ms: { field: 'dispatchLatencyMaxMs', unit: 'ms' },
} as const satisfies Readonly<Record<string, { readonly field: keyof FieldReportStats; readonly unit: string }>>;
