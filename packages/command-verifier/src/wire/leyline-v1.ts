import { type ProtobufTime, type ReceivedCommand, readCommand } from '@esper/leyline/protobuf';
import type { MonoMs, UnixMs } from '@esper/std';
import type { ClaimPort } from '../core/admission.js';
import { isKeyValid, type KeyRing, type TrustedKey } from '../core/key-ring.js';
import type { Refusal, RefusalReason, SignedIdentity } from '../core/refusal.js';
import type { ReplayClaim } from '../core/replay-memory.js';
import { fromBase64 } from './base64-signature.js';

const MICROS_PER_SECOND = 1_000_000n;
/** The range of `google.protobuf.Timestamp`: years 1 to 9999. */
const SECONDS_MIN = -62_135_596_800n;
const SECONDS_MAX = 253_402_300_799n;
const NANOS_MAX = 999_999_999;

/** All that deciding on a command of the prototype takes. Times of the wall are whole microseconds, as in its stamps. */
export interface LeylineContext {
  readonly ring: KeyRing;
  readonly nowMicros: bigint;
  readonly at: MonoMs;
  readonly commandBytesMax: number;
  readonly windowMicros: bigint;
  readonly futureSkewMicros: bigint;
  readonly replay: ClaimPort;
  /** 16 bytes that stand for a command id, which is any text here. */
  readonly nonceOf: (commandId: string) => Uint8Array;
}

/** A command of the prototype that passed every check. */
export interface LeylineAdmitted {
  readonly key: TrustedKey;
  readonly received: ReceivedCommand;
  readonly issuedAtMs: number;
  readonly claim: ReplayClaim;
  /** What a later refusal says of it. */
  readonly told: Pick<Refusal, 'keyId' | 'identity'>;
}

/** Received bytes; `signature` stands for the annotation when it came apart from them. */
export interface LeylineInput {
  readonly bytes: Uint8Array;
  readonly signature?: string | undefined;
}

/**
 * Decides on a command in the prototype's form: size, parse, signature, id, time of issue, freshness, nonce. This form
 * has to be parsed before its signature can be checked, because the prototype signs what its parser would write again.
 */
export function admitLeyline(input: LeylineInput, context: LeylineContext): LeylineAdmitted | Refusal {
  if (context.ring.size === 0) return { reason: 'verifier_unavailable' };
  if (input.bytes.length > context.commandBytesMax) return { reason: 'command_too_large' };
  const received = readCommand(input.bytes);
  if (!received.ok) return { reason: 'malformed_envelope', cause: received.error };
  const signature = 'signature' in input ? input.signature : received.value.signature;
  const key = checkSignature(received.value.signedBytes, signature, context);
  return 'reason' in key ? key : claimFresh(received.value, key, context);
}

/** The message names no key: every valid HMAC key of the ring is tried, at most as many as a ring may hold. */
function checkSignature(
  signedBytes: Uint8Array,
  signature: string | undefined,
  { ring, nowMicros }: LeylineContext,
): TrustedKey | Refusal {
  if (signature === undefined || signature === '') return { reason: 'missing_signature' };
  const now = Number(nowMicros / 1000n) as UnixMs;
  const valid = [...ring.values()].filter((key) => key.material.algorithm === 'hmac-sha256' && isKeyValid(key, now, 0));
  if (valid.length === 0) return { reason: 'key_not_valid' };
  const digest = fromBase64(signature);
  const holding = digest === undefined ? undefined : valid.find((key) => key.material.verify(signedBytes, digest));
  return holding ?? { reason: 'invalid_signature' };
}

function claimFresh(received: ReceivedCommand, key: TrustedKey, context: LeylineContext): LeylineAdmitted | Refusal {
  const { keyId } = key;
  if (received.commandId === '') return { reason: 'missing_command_id', keyId };
  const issuedMicros = microsOf(received.issuedAt);
  if (typeof issuedMicros === 'string') return { reason: issuedMicros, keyId };
  const ageMicros = context.nowMicros - issuedMicros;
  const told = { keyId, identity: identify(received.commandId, ageMicros) };
  const fresh = judgeAge(ageMicros, context);
  if (fresh !== 'fresh') return { reason: fresh, ...told };
  const issuedAtMs = Number(issuedMicros / 1000n);
  const nonce = context.nonceOf(received.commandId);
  const claim = { nonce, keyId, trainingRunId: LEYLINE_RUN, issuerEpoch: 0, sequence: 0, issuedAtMs };
  const claimed = context.replay.claim(claim, context.at);
  return claimed === 'fresh' ? { key, received, issuedAtMs, claim, told } : { reason: claimed, ...told };
}

/** These commands have no place in a run; all of them share this one. */
const LEYLINE_RUN = 'leyline-v1';
/** Characters of a command id that a refusal repeats; in this form it may be any text. */
const TOLD_ID_MAX = 128;

const identify = (commandId: string, ageMicros: bigint): SignedIdentity => ({
  commandId: commandId.slice(0, TOLD_ID_MAX),
  trainingRunId: LEYLINE_RUN,
  issuerEpoch: 0,
  sequence: 0,
  ageMs: Number(ageMicros / 1000n),
});

function microsOf(time: ProtobufTime | undefined): bigint | RefusalReason {
  if (time === undefined) return 'missing_timestamp';
  const inRange = time.seconds >= SECONDS_MIN && time.seconds <= SECONDS_MAX;
  if (!inRange || time.nanos < 0 || time.nanos > NANOS_MAX) return 'malformed_header';
  return time.seconds * MICROS_PER_SECOND + BigInt(Math.floor(time.nanos / 1000));
}

function judgeAge(ageMicros: bigint, limits: LeylineContext): 'fresh' | RefusalReason {
  if (ageMicros < -limits.futureSkewMicros) return 'issued_in_future';
  return ageMicros > limits.windowMicros ? 'stale_command' : 'fresh';
}
