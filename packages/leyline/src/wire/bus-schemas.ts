import type { BusEnvelope } from '../core/bus-envelope.js';
import type { EmergencySignal } from '../core/emergency-signal.js';
import { BUS_MESSAGE_TYPES, EMERGENCY_LEVELS, MESSAGE_PRIORITIES } from '../core/enums.js';
import type { PolicyUpdate } from '../core/policy-update.js';
import { LIMITS } from './limits.js';
import { attributes, bytes, digest, fact, name, nameOf, record, text, versionOne, whole } from './schema-parts.js';

export const busEnvelopeSchema = record<BusEnvelope>({
  version: versionOne,
  messageType: nameOf(BUS_MESSAGE_TYPES),
  messageId: name(),
  priority: nameOf(MESSAGE_PRIORITIES),
  sentAtMs: whole(),
  payload: bytes(LIMITS.envelopePayloadBytesMax),
  attributes,
});

export const emergencySignalSchema = record<EmergencySignal>({
  version: versionOne,
  level: nameOf(EMERGENCY_LEVELS),
  reason: text(LIMITS.sentenceCharsMax),
  origin: name(),
  triggeredAtMs: whole(),
  monotonicTimeMs: fact(),
  trainingRunId: text(LIMITS.nameCharsMax),
  attributes,
});

export const policyUpdateSchema = record<PolicyUpdate>({
  version: versionOne,
  policyId: name(),
  trainingRunId: text(LIMITS.nameCharsMax),
  architectureVersion: name(),
  policyVersion: whole(),
  issuedAtMs: whole(1),
  payload: bytes(LIMITS.policyPayloadBytesMax),
  payloadDigest: digest,
});
