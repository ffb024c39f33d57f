import type { DecisionMetadata } from './decision-metadata.js';
import type { CircuitState, CommandType, SeedOperationKind } from './enums.js';

export interface SeedOperation {
  readonly operation: SeedOperationKind;
  readonly blueprintId: string;
  /** For example `alpha`, `blending_method_index`, `blending_schedule_start`, `blending_schedule_end`. Finite. */
  readonly parameters: Readonly<Record<string, number>>;
}

export interface OptimizerAdjustment {
  readonly optimizerId: string;
  /** For example `lr_delta`. Finite. */
  readonly hyperparameters: Readonly<Record<string, number>>;
}

export interface CircuitBreakerCommand {
  readonly desiredState: CircuitState;
  readonly rationale: string;
}

export interface RollbackDirective {
  /** `fast` = nearest in-memory snapshot, `full` = last checkpoint. */
  readonly tier: 'fast' | 'full';
  readonly reason: string;
}

/**
 * A command before it has an identity: what the policy proposes and the risk engine may change. At most one payload is
 * set. A command turned into PAUSE keeps the payload it had, for the record (RE-07); an executor acts on the type alone.
 */
export interface CommandDraft {
  readonly version: 1;
  readonly commandType: CommandType;
  readonly targetSeedId?: string;
  readonly seedOperation?: SeedOperation;
  readonly optimizerAdjustment?: OptimizerAdjustment;
  readonly circuitBreaker?: CircuitBreakerCommand;
  readonly rollback?: RollbackDirective;
  /** How long after delivery the command may still be executed, in milliseconds. */
  readonly executionDeadlineMs?: number;
  readonly issuedBy: string;
  /** The legacy text annotations. What they say stands, typed, in `decision`. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly decision?: DecisionMetadata;
}

/** What sealing adds. Travels in the signed binary header, never inside the payload. */
export interface CommandIdentity {
  /** UUID v4, lower case. */
  readonly commandId: string;
  readonly trainingRunId: string;
  /** Rises with each take-over or restart of the issuer. */
  readonly issuerEpoch: number;
  /** Strictly rising per run, over all epochs. */
  readonly sequence: number;
  /** Wall time, milliseconds since 1970. */
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** The one adaptation command that answers a system-state packet. */
export interface AdaptationCommand extends CommandDraft, CommandIdentity {}
