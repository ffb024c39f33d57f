export type {
  AdaptationCommand,
  CircuitBreakerCommand,
  CommandDraft,
  CommandIdentity,
  OptimizerAdjustment,
  RollbackDirective,
  SeedOperation,
} from './core/adaptation-command.js';
export type {
  BlueprintDescriptor,
  GraphActivation,
  GraphLayer,
  GraphMetadata,
  GraphParameter,
  ParameterBounds,
  SafetySheet,
  SeedMonitor,
} from './core/blueprint-descriptor.js';
export type { BusEnvelope } from './core/bus-envelope.js';
export type {
  BlendMetadata,
  CoverageMetadata,
  DecisionMetadata,
  PolicyMetadata,
  RiskMetadata,
  SecurityMetadata,
  SelectionMetadata,
} from './core/decision-metadata.js';
export type { EmergencySignal } from './core/emergency-signal.js';
export {
  BLEND_MODES,
  BLUEPRINT_TIERS,
  type BlendMode,
  type BlueprintTier,
  BUS_MESSAGE_TYPES,
  type BusMessageType,
  CIRCUIT_STATES,
  type CircuitState,
  COMMAND_TYPES,
  type CommandType,
  EMERGENCY_LEVELS,
  type EmergencyLevel,
  FIELD_REPORT_OUTCOMES,
  type FieldReportOutcome,
  HANDLING_CLASSES,
  HAZARD_BANDS,
  type HandlingClass,
  type HazardBand,
  HEALTH_STATUSES,
  type HealthStatus,
  MESSAGE_PRIORITIES,
  type MessagePriority,
  SCHEDULE_SHAPES,
  type ScheduleShape,
  SEED_OPERATIONS,
  SEED_STAGES,
  type SeedOperationKind,
  type SeedStage,
  TELEMETRY_LEVELS,
  type TelemetryLevel,
} from './core/enums.js';
export type { FieldReport } from './core/field-report.js';
export type { PolicyUpdate } from './core/policy-update.js';
export { finiteSignal, type Signal } from './core/signal.js';
export type { HardwareContext, SeedState, SystemStatePacket } from './core/system-state-packet.js';
export type { MetricPoint, SystemHealth, TelemetryEvent, TelemetryPacket, TraceSpan } from './core/telemetry-packet.js';
export { LEYLINE_ERRORS, LeylineError, type LeylineErrorCode, type LeylineRefusal } from './errors.js';
export { parseJson, toJson } from './wire/json-form.js';
export { jsonSchemaOf } from './wire/json-schema.js';
export { LIMITS } from './wire/limits.js';
export { decodeMessage, encodeMessage } from './wire/message-codec.js';
export { MESSAGE_KINDS, type MessageKind, type Messages } from './wire/message-kinds.js';
export { decodePlain, encodePlain } from './wire/plain-codec.js';
export { PLAIN_LIMITS, type PlainLimits, type PlainValue } from './wire/plain-value.js';
export { validateMessage } from './wire/validate-message.js';
