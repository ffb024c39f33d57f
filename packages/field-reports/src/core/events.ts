import type { TelemetryEvent, TelemetryLevel } from '@esper/leyline';

/** What the life of reports tells, by name. Names are API. */
export const FIELD_REPORT_EVENTS = {
  field_report_synthesised: { level: 'INFO', means: 'A window closed and its report was made.' },
  'field_report.retry': { level: 'WARNING', means: 'A report could not be published and will be tried again.' },
  field_report_dropped: { level: 'ERROR', means: 'A report was given up; it stays in the log.' },
  field_report_unacknowledged: {
    level: 'ERROR',
    means: 'The consumer did not acknowledge a report, nor its repetition; conservative mode is advised.',
  },
  field_report_note_failed: {
    level: 'ERROR',
    means: 'A note about a report could not be made durable; it is tried again.',
  },
  field_report_note_damaged: {
    level: 'ERROR',
    means: 'A note in the log cannot be read; the report counts as unpublished.',
  },
  field_report_publishing_paused: {
    level: 'WARNING',
    means: 'Publishing was slow several times in a row; it rests, then one report is tried.',
  },
  field_report_duplicate: { level: 'WARNING', means: 'A report with an id that is already waiting was ignored.' },
} as const satisfies Readonly<Record<string, { readonly level: TelemetryLevel; readonly means: string }>>;

export type FieldReportEventName = keyof typeof FIELD_REPORT_EVENTS;

/** The event of that name, at the table's level. */
export const eventOf = (name: FieldReportEventName, attributes: Readonly<Record<string, string>>): TelemetryEvent => ({
  description: name,
  level: FIELD_REPORT_EVENTS[name].level,
  attributes,
});
