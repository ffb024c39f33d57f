export {
  buildDecisionReport,
  buildFailureReport,
  type DecisionReportInput,
  type FailureReportInput,
} from './core/build-report.js';
export { FIELD_REPORT_EVENTS, type FieldReportEventName } from './core/events.js';
export { FIELD_REPORT_METRICS, type FieldReportStats } from './core/metrics.js';
export { type OutcomeFacts, outcomeOfDecision, outcomeOfFailure } from './core/outcome.js';
export type { MeasuredValues } from './core/report-metrics.js';
export { fieldReportSummary } from './core/summary-packet.js';
export type { Evaluation } from './core/window.js';
export { FIELD_REPORT_ERRORS, FieldReportError, type FieldReportErrorCode } from './errors.js';
export {
  FIELD_REPORT_DEFAULTS,
  type FieldReportOptions,
  type ResolvedFieldReportOptions,
  resolveFieldReportOptions,
} from './options.js';
export type { RandomFraction, ReportJournal, ReportPublisher } from './ports.js';
export { FieldReports, type FieldReportsSetup, type FlushReport } from './shell/field-reports.js';
export {
  type LegacyLog,
  type LegacyProblem,
  type LegacyProblemKind,
  type LegacyRecord,
  readLegacyLog,
} from './wire/legacy-log.js';
export {
  type LegacyEntry,
  type LegacySidecar,
  type LegacySidecarKind,
  readLegacySidecar,
} from './wire/legacy-sidecar.js';
