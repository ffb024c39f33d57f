export type { Audience } from './core/audience.js';
export { COMMAND_DOMAIN, KEY_ID_BYTES_MAX, SIGNATURES_MAX } from './core/envelope.js';
export type { KeyAge, KeyAlgorithm, KeyMaterial, KeyRing, KeyState, TrustedKey } from './core/key-ring.js';
export { promoteKey, type RotatableKey, type RotationTiming } from './core/key-rotation.js';
export {
  REFUSAL_LEVELS,
  REFUSAL_REASONS,
  type Refusal,
  type RefusalReason,
  type SignedIdentity,
} from './core/refusal.js';
export type { ReplaySnapshot } from './core/replay-memory.js';
export type { SequenceRule } from './core/run-positions.js';
export type { Verified } from './core/verified.js';
export type { WatermarkStep } from './core/watermark.js';
export { VERIFIER_ERRORS, VerifierError, type VerifierErrorCode } from './errors.js';
export type { ReplayOptions, SealerOptions, VerifierOptions } from './options.js';
export type { IdSource, KeyRingSource, PayloadCodec, WatermarkJournal } from './ports.js';
export { createKeyRing, KeyRingHolder } from './shell/key-ring-holder.js';
export {
  createReplayGuard,
  type GuardSnapshot,
  type OpenedJournal,
  ReplayGuard,
  type ReplayGuardParts,
} from './shell/replay-guard.js';
export { createSealer, type SealedCommand, type Sealer, type SealerParts, type SealRequest } from './shell/sealer.js';
export { createVerifier, type Verifier, type VerifierParts } from './shell/verifier.js';
