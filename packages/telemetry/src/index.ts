export { coverageAnnotations, policyAnnotations } from './core/decision-annotations.js';
export type {
  BlueprintFacts,
  BreakerFacts,
  DecisionFacts,
  FieldReportFacts,
  PolicyFacts,
  TotalsFacts,
} from './core/decision-facts.js';
export { buildDecisionPacket } from './core/decision-packet.js';
export { isUrgent, logNameOf, TAMIYO_EVENTS, type TamiyoEventName } from './core/event-table.js';
export {
  buildFailurePacket,
  type FailureFacts,
  type GuardViolation,
  guardViolationEvent,
  violationReason,
} from './core/failure-packet.js';
export {
  buildFieldReportFatePacket,
  buildFieldReportSummaryPacket,
  buildFieldReportSynthesisPacket,
  type FieldReportFateFacts,
  type FieldReportSummaryFacts,
  type FieldReportSynthesisFacts,
} from './core/field-report-packets.js';
export { type HealthFacts, healthStatus, healthSummary } from './core/health.js';
export { type DropReason, isExact, type LaneAccount } from './core/ledger.js';
export { type AttributesOf, coverageTypePoint, metricKindOf, point } from './core/metric-point.js';
export { TAMIYO_METRICS, type TamiyoMetricName } from './core/metric-table.js';
export { buildNoticePacket, type NoticeFacts } from './core/notice-packet.js';
export { type LaneName, laneOf, priorityIndicator, priorityOf, worstLevel } from './core/priority.js';
export { buildRejectionPacket, type RejectionFacts } from './core/rejection-packet.js';
export { TELEMETRY_ERRORS, TelemetryError, type TelemetryErrorCode } from './errors.js';
export {
  type ResolvedTelemetryOptions,
  resolveTelemetryOptions,
  TELEMETRY_DEFAULTS,
  type TelemetryOptions,
} from './options.js';
export type {
  BusRefusal,
  JournalRecord,
  LossReporter,
  MessageIds,
  TelemetryBus,
  TelemetryExporter,
  TelemetryJournal,
  TelemetryStream,
  Timers,
} from './ports.js';
export {
  createTelemetry,
  type DrainReport,
  type EmitReceipt,
  type Telemetry,
  type TelemetryLedger,
  type TelemetryPorts,
} from './shell/create-telemetry.js';
