import type { AdaptationCommand, CommandDraft } from '@esper/leyline';
import { monoMs, type Result, type UnixMs } from '@esper/std';
import { type Admitted, admit, identityOf } from './admission.js';
import { type ExpectedAudience, readText } from './audience.js';
import { isRefusal } from './authenticate.js';
import { buildCommand } from './build-command.js';
import { COMMAND_DOMAIN, type Envelope, readEnvelope, type Span } from './envelope.js';
import type { KeyRing } from './key-ring.js';
import type { RefusalReason } from './refusal.js';
import { commandIdText, readIdentityHeader, readSignedSpans, type SignedSpans } from './signed-part.js';

/** The rules of verification, in their order. */
export const VERIFICATION_RULES = [
  'size',
  'envelope',
  'key',
  'signature',
  'header',
  'audience',
  'freshness',
  'replay',
  'payload',
  'rights',
] as const;
export type VerificationRule = (typeof VERIFICATION_RULES)[number];

/** What explaining takes. Nothing is claimed: replay is not judged. */
export interface ExplainContext {
  readonly ring: KeyRing;
  readonly now: UnixMs;
  readonly audience: ExpectedAudience;
  readonly commandBytesMax: number;
  readonly windowMs: number;
  readonly futureSkewMs: number;
  /** Strict and bounded. */
  readonly decode: (payload: Uint8Array) => Result<CommandDraft, unknown>;
}

/** How one rule fared. */
export interface RuleOutcome {
  readonly rule: VerificationRule;
  /** Replay is `not judged`: only the executor's memory knows. */
  readonly verdict: 'holds' | 'fails' | 'not judged' | 'not reached';
  /** Which bytes it looks at; absent when the bytes before do not say where they are. */
  readonly span?: Span;
}

/** A stretch of the bytes and what it says. Unless every rule up to `signature` holds, this may be a stranger's text. */
export interface NamedBytes extends Span {
  readonly name: string;
  readonly says: string;
}

/** Why bytes are, or are not, a command for this audience now; replay apart. */
export interface Explanation {
  readonly reason: RefusalReason | 'ok';
  readonly rules: readonly RuleOutcome[];
  readonly parts: readonly NamedBytes[];
  /** Only when the reason is `ok`. Nothing was claimed for it, so it is no `Verified` command. */
  readonly command?: AdaptationCommand;
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
  malformed_payload: 'payload',
  command_not_allowed: 'rights',
};

/** Applies the rules to bytes without claiming anything, and names the stretches of the bytes they look at. */
export function explainEnvelope(bytes: Uint8Array, context: ExplainContext): Explanation {
  const replay = { claim: () => 'fresh' as const };
  const admitted = admit(bytes, { ...context, at: monoMs(0), replay });
  const opened = isRefusal(admitted) ? admitted.reason : openPayload(bytes, admitted, context);
  const layout = opened === 'command_too_large' ? undefined : layoutOf(bytes);
  const parts = layout === undefined ? [] : nameParts(bytes, layout);
  const spans = spansOf(bytes, layout);
  if (typeof opened !== 'string') return { reason: 'ok', rules: outcomes(undefined, spans), parts, command: opened };
  return { reason: opened, rules: outcomes(RULE_OF[opened] ?? 'freshness', spans), parts };
}

function openPayload(
  bytes: Uint8Array,
  { key, header }: Admitted,
  { decode }: ExplainContext,
): AdaptationCommand | RefusalReason {
  const draft = decode(bytes.slice(header.payload.from, header.payload.to));
  return draft.ok ? buildCommand(draft.value, identityOf(header), key) : 'malformed_payload';
}

type RuleSpans = Readonly<Partial<Record<VerificationRule, Span>>>;

function outcomes(failing: VerificationRule | undefined, spans: RuleSpans): readonly RuleOutcome[] {
  const failsAt = failing === undefined ? VERIFICATION_RULES.length : VERIFICATION_RULES.indexOf(failing);
  return VERIFICATION_RULES.map((rule, index) => {
    const span = spans[rule];
    return { rule, verdict: verdictAt(rule, index, failsAt), ...(span === undefined ? {} : { span }) };
  });
}

function verdictAt(rule: VerificationRule, index: number, failsAt: number): RuleOutcome['verdict'] {
  if (index === failsAt) return 'fails';
  if (index > failsAt) return 'not reached';
  return rule === 'replay' ? 'not judged' : 'holds';
}

interface Layout {
  readonly envelope: Envelope;
  readonly signed: SignedSpans | undefined;
}

function layoutOf(bytes: Uint8Array): Layout | undefined {
  const envelope = readEnvelope(bytes);
  return typeof envelope === 'string' ? undefined : { envelope, signed: readSignedSpans(bytes, envelope.audienceFrom) };
}

function spansOf(bytes: Uint8Array, layout: Layout | undefined): RuleSpans {
  const size = { from: 0, to: bytes.length };
  if (layout === undefined) return { size, envelope: size };
  const { signedFrom, audienceFrom } = layout.envelope;
  const outside = {
    size,
    envelope: { from: 0, to: audienceFrom },
    key: { from: signedFrom + 4 + COMMAND_DOMAIN.length, to: audienceFrom },
    signature: { from: signedFrom, to: bytes.length },
  };
  if (layout.signed === undefined) return { ...outside, header: { from: audienceFrom, to: bytes.length } };
  const { run, consumer, header, payload } = layout.signed;
  const audience = { from: run.from, to: consumer.to };
  return { ...outside, header, audience, freshness: header, replay: header, payload, rights: payload };
}

function nameParts(bytes: Uint8Array, { envelope, signed }: Layout): readonly NamedBytes[] {
  const signatures = envelope.signatures.map(({ keyId, signature }) => {
    const from = signature.byteOffset - bytes.byteOffset;
    return { name: 'signature', says: `by key ${keyId}`, from, to: from + signature.length };
  });
  if (signed === undefined) return signatures;
  return [
    ...signatures,
    { name: 'training run', says: quoted(bytes, signed.run), ...signed.run },
    { name: 'consumer', says: quoted(bytes, signed.consumer), ...signed.consumer },
    { name: 'header', says: describeHeader(bytes, signed.header), ...signed.header },
    { name: 'payload', says: `${signed.payload.to - signed.payload.from} bytes of msgpack`, ...signed.payload },
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
