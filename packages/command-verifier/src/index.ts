export type { Audience } from './core/audience.js';
export { COMMAND_DOMAIN, KEY_ID_BYTES_MAX, SIGNATURES_MAX } from './core/envelope.js';
export { VERIFIER_EVENTS } from './core/events.js';
export { type ExecutionTimes, mayStillExecute } from './core/execution-window.js';
export {
  type Explanation,
  type NamedBytes,
  type RuleOutcome,
  VERIFICATION_RULES,
  type VerificationRule,
} from './core/explain.js';
export { type KeyConcern, keyConcerns } from './core/key-concerns.js';
export type { KeyAge, KeyAlgorithm, KeyMaterial, KeyRing, KeyState, TrustedKey } from './core/key-ring.js';
export { promoteKey, type RotatableKey, type RotationTiming } from './core/key-rotation.js';
export {
  type LedgerFacts,
  VERIFIER_METRICS,
  type VerifierCounts,
  type VerifierState,
  verifierMetrics,
} from './core/metrics.js';
export {
  REFUSAL_LEVELS,
  REFUSAL_REASONS,
  type Refusal,
  type RefusalReason,
  type SignedIdentity,
} from './core/refusal.js';
export {
  describeCleanup,
  describeRejection,
  type LedgerCleanup,
  REJECTION_LIMITS,
  RejectionLedger,
  type RejectionLimits,
} from './core/rejection-ledger.js';
export type { ReplaySnapshot } from './core/replay-memory.js';
export type { SequenceRule } from './core/run-positions.js';
export type { DetachedSignature, TaggedBytes } from './core/signed-bytes.js';
export { type SignedContentOf, signedContentOf } from './core/signed-content.js';
export type { Verified } from './core/verified.js';
export type { WatermarkStep } from './core/watermark.js';
export { VERIFIER_ERRORS, VerifierError, type VerifierErrorCode } from './errors.js';
export type { ReplayOptions, SealerOptions, VerifierOptions } from './options.js';
export type { IdSource, KeyRingSource, PayloadCodec, WatermarkJournal } from './ports.js';
export { type BytesSigner, createBytesSigner } from './shell/bytes-signer.js';
export { type ExplainParts, explainCommand } from './shell/explain-command.js';
export { createKeyRing, KeyRingHolder } from './shell/key-ring-holder.js';
export {
  createLeylineSealer,
  type LeylineSealed,
  type LeylineSealer,
  type LeylineSealerParts,
} from './shell/leyline-sealer.js';
export {
  createLeylineVerifier,
  type LeylineCommand,
  type LeylineVerifier,
  type LeylineVerifierParts,
} from './shell/leyline-verifier.js';
export {
  createReplayGuard,
  type GuardSnapshot,
  type OpenedJournal,
  ReplayGuard,
  type ReplayGuardParts,
} from './shell/replay-guard.js';
export { createSealer, type SealedCommand, type Sealer, type SealerParts, type SealRequest } from './shell/sealer.js';
export { createVerifier, type Verifier, type VerifierParts } from './shell/verifier.js';
