import type { CommandIdentity } from '@esper/leyline';
import type { MonoMs, UnixMs } from '@esper/std';
import { type ExpectedAudience, isAudience, readRun } from './audience.js';
import { type Authentic, authenticate, isRefusal, type TrustContext } from './authenticate.js';
import type { Span } from './envelope.js';
import { judgeFreshness } from './freshness.js';
import type { TrustedKey } from './key-ring.js';
import type { Refusal, RefusalReason, SignedIdentity } from './refusal.js';
import type { ReplayClaim } from './replay-memory.js';
import { commandIdText, type IdentityHeader, readIdentityHeader, readSignedSpans } from './signed-part.js';

/** What claims a command, once. */
export interface ClaimPort {
  claim(claim: ReplayClaim, at: MonoMs): 'fresh' | RefusalReason;
}

/** All that deciding on a command takes: trust, time, audience, replay. */
export interface AdmissionContext extends TrustContext {
  readonly at: MonoMs;
  readonly windowMs: number;
  readonly audience: ExpectedAudience;
  readonly replay: ClaimPort;
}

/** A signed header, read. */
export interface SignedHeader {
  readonly trainingRunId: string;
  readonly fields: IdentityHeader;
  readonly payload: Span;
}

/** A command that passed every check; its payload is still bytes. */
export interface Admitted {
  readonly key: TrustedKey;
  readonly header: SignedHeader;
  readonly claim: ReplayClaim;
}

/**
 * Decides on received bytes, in this order and no other: size, envelope, key, signature, header, audience, freshness,
 * sequence and nonce. Only `replay` changes, and only for a command that passed everything else.
 */
export function admit(bytes: Uint8Array, context: AdmissionContext): Admitted | Refusal {
  const authentic = authenticate(bytes, context);
  if (isRefusal(authentic)) return authentic;
  const header = readHeader(bytes, authentic, context);
  if (isRefusal(header)) return header;
  return claimCommand(authentic.key, header, context);
}

function readHeader(bytes: Uint8Array, authentic: Authentic, context: AdmissionContext): SignedHeader | Refusal {
  const keyId = authentic.key.keyId;
  const spans = readSignedSpans(bytes, authentic.audienceFrom);
  const fields = spans === undefined ? undefined : readIdentityHeader(bytes, spans.header);
  const trainingRunId = spans === undefined ? undefined : readRun(bytes, spans.run, context.audience);
  if (spans === undefined || fields === undefined || trainingRunId === undefined)
    return { reason: 'malformed_header', keyId };
  const header = { trainingRunId, fields, payload: spans.payload };
  return isAudience(bytes, spans, context.audience) ? header : refuse('wrong_audience', { keyId, header, context });
}

function claimCommand(key: TrustedKey, header: SignedHeader, context: AdmissionContext): Admitted | Refusal {
  const { trainingRunId, fields } = header;
  const freshness = judgeFreshness(fields, context.now, context);
  if (freshness !== 'fresh') return refuse(freshness, { keyId: key.keyId, header, context });
  const { issuerEpoch, sequence, issuedAtMs } = fields;
  const claim = { nonce: fields.commandId, keyId: key.keyId, trainingRunId, issuerEpoch, sequence, issuedAtMs };
  const claimed = context.replay.claim(claim, context.at);
  return claimed === 'fresh' ? { key, header, claim } : refuse(claimed, { keyId: key.keyId, header, context });
}

interface RefusalFacts {
  readonly keyId: string;
  readonly header: SignedHeader;
  readonly context: AdmissionContext;
}

const refuse = (reason: RefusalReason, { keyId, header, context }: RefusalFacts): Refusal => ({
  reason,
  keyId,
  identity: signedIdentity(header, context.now),
});

/** What a refusal says of a command whose signature held. */
export function signedIdentity(header: SignedHeader, now: UnixMs): SignedIdentity {
  const { issuerEpoch, sequence, issuedAtMs, commandId } = header.fields;
  return {
    commandId: commandIdText(commandId),
    trainingRunId: header.trainingRunId,
    issuerEpoch,
    sequence,
    ageMs: now - issuedAtMs,
  };
}

/** The identity that sealing gave, as text and numbers. */
export const identityOf = (header: SignedHeader): CommandIdentity => ({
  commandId: commandIdText(header.fields.commandId),
  trainingRunId: header.trainingRunId,
  issuerEpoch: header.fields.issuerEpoch,
  sequence: header.fields.sequence,
  issuedAtMs: header.fields.issuedAtMs,
  expiresAtMs: header.fields.expiresAtMs,
});
