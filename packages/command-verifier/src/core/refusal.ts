import type { TelemetryLevel } from '@esper/leyline';

/**
 * Every reason for which a command is refused, with the level of its event. The order is the order of the checks. Names
 * are API: each one is a metric label. The seven of the prototype keep their names.
 */
export const REFUSAL_LEVELS = {
  verifier_unavailable: 'CRITICAL',
  command_too_large: 'ERROR',
  malformed_envelope: 'ERROR',
  wrong_domain: 'CRITICAL',
  missing_signature: 'CRITICAL',
  unknown_key: 'CRITICAL',
  key_not_valid: 'CRITICAL',
  invalid_signature: 'CRITICAL',
  malformed_header: 'CRITICAL',
  wrong_audience: 'CRITICAL',
  missing_command_id: 'CRITICAL',
  missing_timestamp: 'CRITICAL',
  issued_in_future: 'CRITICAL',
  stale_command: 'CRITICAL',
  expired_command: 'CRITICAL',
  nonce_replayed: 'CRITICAL',
  issuer_epoch_regressed: 'CRITICAL',
  sequence_not_rising: 'CRITICAL',
  issued_before_watermark: 'CRITICAL',
  replay_memory_full: 'CRITICAL',
  key_quota_full: 'CRITICAL',
  replay_journal_failed: 'CRITICAL',
  malformed_payload: 'ERROR',
  command_not_allowed: 'CRITICAL',
} as const satisfies Readonly<Record<string, TelemetryLevel>>;

/** Why a command was refused. */
export type RefusalReason = keyof typeof REFUSAL_LEVELS;

/** All reasons, in the order of the checks. */
export const REFUSAL_REASONS = Object.freeze(Object.keys(REFUSAL_LEVELS)) as readonly RefusalReason[];

/** What is known of a command whose signature held. */
export interface SignedIdentity {
  readonly commandId: string;
  readonly trainingRunId: string;
  readonly issuerEpoch: number;
  readonly sequence: number;
  /** Age by the verifier's wall clock, in milliseconds; negative when dated ahead of it. */
  readonly ageMs: number;
}

/**
 * One refused command. Meant for the operator's side; whoever sent the bytes is told no more than that they were
 * refused. Nothing in it comes from unauthenticated bytes.
 */
export interface Refusal {
  readonly reason: RefusalReason;
  /** The trusted key that was named. Absent when no key of the ring was. */
  readonly keyId?: string;
  /** Present once the signature held. */
  readonly identity?: SignedIdentity;
  /** What failed underneath (a port, the payload codec). Never contains payload or key bytes. */
  readonly cause?: unknown;
}
