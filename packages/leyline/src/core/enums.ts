/**
 * The closed sets of the wire, as name → number tables. Names are ours; numbers are those of the Leyline protobuf
 * schema, so that both encodings agree. Types derive from the tables.
 */
export const COMMAND_TYPES = {
  UNKNOWN: 0,
  SEED: 1,
  ROLLBACK: 2,
  OPTIMIZER: 3,
  CIRCUIT_BREAKER: 4,
  PAUSE: 5,
  EMERGENCY: 6,
  STRUCTURAL_PRUNING: 7,
} as const;
export type CommandType = keyof typeof COMMAND_TYPES;

export const SEED_OPERATIONS = {
  UNKNOWN: 0,
  GERMINATE: 1,
  START_TRAINING: 2,
  START_GRAFTING: 3,
  STABILIZE: 4,
  EVALUATE: 5,
  FINE_TUNE: 6,
  FOSSILIZE: 7,
  CULL: 8,
  CANCEL: 9,
} as const;
export type SeedOperationKind = keyof typeof SEED_OPERATIONS;

export const SEED_STAGES = {
  UNKNOWN: 0,
  DORMANT: 1,
  GERMINATED: 2,
  TRAINING: 3,
  BLENDING: 4,
  SHADOWING: 5,
  PROBATIONARY: 6,
  FOSSILIZED: 7,
  CULLED: 8,
  EMBARGOED: 9,
  RESETTING: 10,
  TERMINATED: 11,
} as const;
export type SeedStage = keyof typeof SEED_STAGES;

export const CIRCUIT_STATES = { UNKNOWN: 0, CLOSED: 1, OPEN: 2, HALF_OPEN: 3 } as const;
export type CircuitState = keyof typeof CIRCUIT_STATES;

export const MESSAGE_PRIORITIES = { UNSPECIFIED: 0, LOW: 1, NORMAL: 2, HIGH: 3, CRITICAL: 4 } as const;
export type MessagePriority = keyof typeof MESSAGE_PRIORITIES;

export const TELEMETRY_LEVELS = { UNSPECIFIED: 0, INFO: 1, WARNING: 2, ERROR: 3, CRITICAL: 4 } as const;
export type TelemetryLevel = keyof typeof TELEMETRY_LEVELS;

export const HEALTH_STATUSES = { UNKNOWN: 0, HEALTHY: 1, DEGRADED: 2, UNHEALTHY: 3, CRITICAL: 4 } as const;
export type HealthStatus = keyof typeof HEALTH_STATUSES;

export const EMERGENCY_LEVELS = { UNSPECIFIED: 0, NOTICE: 1, ELEVATED: 2, CONSERVATIVE: 3, HALT: 4 } as const;
export type EmergencyLevel = keyof typeof EMERGENCY_LEVELS;

export const FIELD_REPORT_OUTCOMES = { UNKNOWN: 0, SUCCESS: 1, NEUTRAL: 2, REGRESSION: 3, ABORTED: 4 } as const;
export type FieldReportOutcome = keyof typeof FIELD_REPORT_OUTCOMES;

export const BLUEPRINT_TIERS = { UNKNOWN: 0, SAFE: 1, EXPERIMENTAL: 2, HIGH_RISK: 3 } as const;
export type BlueprintTier = keyof typeof BLUEPRINT_TIERS;

export const BUS_MESSAGE_TYPES = {
  SYSTEM_STATE: 1,
  ADAPTATION_COMMAND: 2,
  FIELD_REPORT: 3,
  TELEMETRY: 4,
  POLICY_UPDATE: 5,
  EMERGENCY_SIGNAL: 10,
  BSDS_ISSUED: 20,
  BSDS_FAILED: 21,
} as const;
export type BusMessageType = keyof typeof BUS_MESSAGE_TYPES;

/** How the output of a grafted seed is mixed with the host's. */
export const BLEND_MODES = ['CONVEX', 'RESIDUAL', 'CHANNEL', 'CONFIDENCE'] as const;
export type BlendMode = (typeof BLEND_MODES)[number];

/** How alpha moves from the start to the end of its schedule. */
export const SCHEDULE_SHAPES = ['linear', 'cosine', 'warmup_hold'] as const;
export type ScheduleShape = (typeof SCHEDULE_SHAPES)[number];

export const HAZARD_BANDS = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;
export type HazardBand = (typeof HAZARD_BANDS)[number];

export const HANDLING_CLASSES = ['standard', 'restricted', 'quarantine'] as const;
export type HandlingClass = (typeof HANDLING_CLASSES)[number];
