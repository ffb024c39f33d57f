import type { BusEnvelope, BusMessageType } from '@esper/leyline';
import type { BusStream } from '../ports.js';

/** Why an entry that is there may not be delivered. */
export type RejectReason =
  | 'no_payload'
  | 'invalid_signature'
  | 'invalid_envelope'
  | 'wrong_stream'
  | 'from_the_future'
  | 'stale'
  | 'replayed'
  | 'removed';

/** What is known of an entry whose signature held. */
export interface AdmissionFacts {
  readonly envelope: BusEnvelope;
  /** The stream its sender signed it for; absent from senders that do not say. */
  readonly signedFor: string | undefined;
  readonly foundOn: BusStream;
  readonly nowMs: number;
  /** The group has handled a message of this id. */
  readonly isSeen: boolean;
}

/** The rules of admission. */
export interface AdmissionRules {
  readonly futureMaxMs: number;
  readonly freshForMs: Readonly<Record<BusMessageType, number>>;
}

/**
 * Whether a genuine message may be delivered here and now; `undefined` when it may. A valid signature says who wrote it, not
 * that it belongs on this stream, nor that it is new: captured entries can be added again, or moved.
 */
export function admissionProblem(facts: AdmissionFacts, rules: AdmissionRules): RejectReason | undefined {
  const { envelope, signedFor, foundOn } = facts;
  if (signedFor !== undefined && signedFor !== foundOn) return 'wrong_stream';
  if (facts.isSeen) return 'replayed';
  const ageMs = facts.nowMs - envelope.sentAtMs;
  if (ageMs < -rules.futureMaxMs) return 'from_the_future';
  const freshForMs = rules.freshForMs[envelope.messageType];
  // Dead letters are old by nature.
  return foundOn !== 'oona.deadletter' && freshForMs > 0 && ageMs > freshForMs ? 'stale' : undefined;
}
