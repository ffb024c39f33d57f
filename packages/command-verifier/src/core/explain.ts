import { monoMs, type UnixMs } from '@esper/std';
import { admit } from './admission.js';
import { type ExpectedAudience, readText } from './audience.js';
import { isRefusal } from './authenticate.js';
import { readEnvelope, type Span } from './envelope.js';
import type { KeyRing } from './key-ring.js';
import type { RefusalReason } from './refusal.js';
import { commandIdText, readIdentityHeader, readSignedSpans } from './signed-part.js';

/** The rules of verification, in their order. */
export const VERIFICATION_RULES = ['size', 'envelope', 'key', 'signature', 'header', 'audience', 'freshness'] as const;
export type VerificationRule = (typeof VERIFICATION_RULES)[number];

/** What explaining takes. Nothing is claimed: replay is not judged. */
export interface ExplainContext {
  readonly ring: KeyRing;
  readonly now: UnixMs;
  readonly audience: ExpectedAudience;
  readonly commandBytesMax: number;
  readonly windowMs: number;
  readonly futureSkewMs: number;
}

/** How one rule fared. */
export interface RuleOutcome {
  readonly rule: VerificationRule;
  readonly verdict: 'holds' | 'fails' | 'not reached';
}

/** A stretch of the bytes and what it says. Unless every rule up to `signature` holds, this may be a stranger's text. */
export interface NamedBytes extends Span {
  readonly name: string;
  readonly says: string;
}

/** Why bytes are, or are not, a command for this audience now; replay and payload apart. */
export interface Explanation {
  readonly reason: RefusalReason | 'ok';
  readonly rules: readonly RuleOutcome[];
  readonly parts: readonly NamedBytes[];
}

const RULE_OF: Readonly<Partial<Record<RefusalReason, VerificationRule>>> = {
  verifier_unavailable: 'key',
  command_too_large: 'size',
  malformed_envelope: 'envelope',
  wrong_domain: 'envelope',
  missing_signature: 'envelope',
  unknown_key: 'key',
  key_not_valid: 'key',
  invalid_signature: 'signature',
  malformed_header: 'header',
  wrong_audience: 'audience',
};

/** Applies the rules to bytes without claiming anything, and names the stretches of the bytes they look at. */
export function explainEnvelope(bytes: Uint8Array, context: ExplainContext): Explanation {
  const replay = { claim: () => 'fresh' as const };
  const admitted = admit(bytes, { ...context, at: monoMs(0), replay });
  const reason = isRefusal(admitted) ? admitted.reason : 'ok';
  const failing = reason === 'ok' ? undefined : (RULE_OF[reason] ?? 'freshness');
  return { reason, rules: outcomes(failing), parts: reason === 'command_too_large' ? [] : nameParts(bytes) };
}

function outcomes(failing: VerificationRule | undefined): readonly RuleOutcome[] {
  const failsAt = failing === undefined ? VERIFICATION_RULES.length : VERIFICATION_RULES.indexOf(failing);
  return VERIFICATION_RULES.map((rule, index) => {
    if (index === failsAt) return { rule, verdict: 'fails' };
    return { rule, verdict: index < failsAt ? 'holds' : 'not reached' };
  });
}

function nameParts(bytes: Uint8Array): readonly NamedBytes[] {
  const envelope = readEnvelope(bytes);
  if (typeof envelope === 'string') return [];
  const signatures = envelope.signatures.map(({ keyId, signature }) => {
    const from = signature.byteOffset - bytes.byteOffset;
    return { name: 'signature', says: `by key ${keyId}`, from, to: from + signature.length };
  });
  const spans = readSignedSpans(bytes, envelope.audienceFrom);
  if (spans === undefined) return signatures;
  return [
    ...signatures,
    { name: 'training run', says: quoted(bytes, spans.run), ...spans.run },
    { name: 'consumer', says: quoted(bytes, spans.consumer), ...spans.consumer },
    { name: 'header', says: describeHeader(bytes, spans.header), ...spans.header },
    { name: 'payload', says: `${spans.payload.to - spans.payload.from} bytes of msgpack`, ...spans.payload },
  ];
}

const quoted = (bytes: Uint8Array, span: Span): string => JSON.stringify(readText(bytes, span) ?? 'not UTF-8');

function describeHeader(bytes: Uint8Array, span: Span): string {
  const header = readIdentityHeader(bytes, span);
  if (header === undefined) return 'not readable';
  const { commandId, issuerEpoch, sequence, issuedAtMs, expiresAtMs } = header;
  const place = `epoch ${issuerEpoch}, sequence ${sequence}`;
  return `command ${commandIdText(commandId)}, ${place}, issued ${issuedAtMs}, expires ${expiresAtMs}`;
}
