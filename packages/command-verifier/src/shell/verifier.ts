import type { AdaptationCommand } from '@esper/leyline';
import { elapsedMs, err, invariant, type MonoClock, ok, type Result, type WallClock } from '@esper/std';
import { type Admitted, admit, identityOf } from '../core/admission.js';
import { type Audience, type ExpectedAudience, expectAudience } from '../core/audience.js';
import { isRefusal } from '../core/authenticate.js';
import { buildCommand } from '../core/build-command.js';
import type { VerifierCounts } from '../core/metrics.js';
import type { Refusal, RefusalReason } from '../core/refusal.js';
import { markVerified, type Verified } from '../core/verified.js';
import { VerifierError } from '../errors.js';
import { resolveVerifierOptions, type VerifierLimits, type VerifierOptions } from '../options.js';
import type { KeyRingSource, PayloadCodec } from '../ports.js';
import { leylinePayload } from '../wire/leyline-payload.js';
import type { ReplayGuard } from './replay-guard.js';

/** What a verifier works with. */
export interface VerifierParts {
  readonly keyRing: KeyRingSource;
  readonly clock: WallClock & MonoClock;
  readonly replay: ReplayGuard;
  readonly audience: Audience;
  /** [the message codec of `@esper/leyline`] */
  readonly codec?: PayloadCodec;
  readonly options?: VerifierOptions;
}

/** Tells whether bytes are a fresh command from a trusted key, exactly once. */
export interface Verifier {
  /**
   * Never rejects and never throws: every failure is a refusal, also a failing port. Resolves with the command once it is
   * claimed in memory and, with a journal, once a restart can not forget that. The bytes may be reused afterwards.
   */
  verify(bytes: Uint8Array): Promise<Result<Verified<AdaptationCommand>, Refusal>>;
  /** Exact counts since the verifier was made. */
  counts(): VerifierCounts;
}

/** Throws `OPTION_INVALID` for a bad option, an audience without a name, or a replay memory shorter than the window. */
export function createVerifier(parts: VerifierParts): Verifier {
  const limits = resolveVerifierOptions(parts.options);
  const audience = expectAudience(parts.audience);
  if (typeof audience === 'string') throw new VerifierError('OPTION_INVALID', audience);
  const keptMsMin = limits.windowMs + limits.futureSkewMs;
  if (parts.replay.retentionMs < keptMsMin)
    throw new VerifierError('OPTION_INVALID', `retentionMs must be at least windowMs + futureSkewMs = ${keptMsMin}`);
  return new EnvelopeVerifier(parts, limits, audience);
}

class EnvelopeVerifier implements Verifier {
  readonly #parts: VerifierParts;
  readonly #limits: VerifierLimits;
  readonly #audience: ExpectedAudience;
  readonly #refused = new Map<RefusalReason, number>();
  #accepted = 0;
  #lastLatencyMs = 0;

  constructor(parts: VerifierParts, limits: VerifierLimits, audience: ExpectedAudience) {
    this.#parts = parts;
    this.#limits = limits;
    this.#audience = audience;
  }

  async verify(bytes: Uint8Array): Promise<Result<Verified<AdaptationCommand>, Refusal>> {
    const verdict = await this.#verifySafely(bytes);
    if (verdict.ok) this.#accepted += 1;
    else this.#refused.set(verdict.error.reason, (this.#refused.get(verdict.error.reason) ?? 0) + 1);
    return verdict;
  }

  counts(): VerifierCounts {
    return { accepted: this.#accepted, refused: new Map(this.#refused), lastLatencyMs: this.#lastLatencyMs };
  }

  async #verifySafely(bytes: Uint8Array): Promise<Result<Verified<AdaptationCommand>, Refusal>> {
    try {
      const startedAt = this.#parts.clock.monoMs();
      const verdict = await this.#verify(bytes);
      this.#lastLatencyMs = elapsedMs(startedAt, this.#parts.clock.monoMs());
      return verdict;
    } catch (cause) {
      return err({ reason: 'verifier_unavailable', cause });
    }
  }

  async #verify(received: Uint8Array): Promise<Result<Verified<AdaptationCommand>, Refusal>> {
    if (!(received instanceof Uint8Array)) return err({ reason: 'malformed_envelope' });
    const bytes = ownBytes(received);
    const admitted = this.#admit(bytes);
    if (isRefusal(admitted)) return err(admitted);
    // Taken before any wait: the caller may reuse its buffer, and only the bytes that were signed count.
    const payload = bytes.slice(admitted.header.payload.from, admitted.header.payload.to);
    const unsettled = await this.#settle(admitted);
    return unsettled === undefined ? this.#open(admitted, payload) : err(unsettled);
  }

  #admit(bytes: Uint8Array): Admitted | Refusal {
    const { keyRing, clock, replay } = this.#parts;
    return admit(bytes, {
      ring: keyRing.current(),
      now: clock.wallMs(),
      at: clock.monoMs(),
      commandBytesMax: this.#limits.commandBytesMax,
      windowMs: this.#limits.windowMs,
      futureSkewMs: this.#limits.futureSkewMs,
      audience: this.#audience,
      replay,
    });
  }

  async #settle({ claim, key }: Admitted): Promise<Refusal | undefined> {
    if (this.#parts.replay.isSettled(claim)) return undefined;
    try {
      await this.#parts.replay.settle(claim);
      return undefined;
    } catch (cause) {
      return { reason: 'replay_journal_failed', keyId: key.keyId, cause };
    }
  }

  #open(admitted: Admitted, payload: Uint8Array): Result<Verified<AdaptationCommand>, Refusal> {
    const { key, header } = admitted;
    const draft = (this.#parts.codec ?? leylinePayload).decode(payload);
    if (!draft.ok) return err({ reason: 'malformed_payload', keyId: key.keyId, cause: draft.error });
    const command = buildCommand(draft.value, identityOf(header), key);
    if (typeof command === 'string') return err({ reason: command, keyId: key.keyId });
    invariant(command.trainingRunId === header.trainingRunId, 'the identity comes from the signed header alone');
    return ok(markVerified(command));
  }
}

/** Memory shared with other threads could change between the check and the use. */
const ownBytes = (bytes: Uint8Array): Uint8Array =>
  bytes.buffer instanceof SharedArrayBuffer ? new Uint8Array(bytes) : bytes;
