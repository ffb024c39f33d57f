import type { AdaptationCommand } from '@esper/leyline';
import { err, invariant, type MonoClock, ok, type Result, type WallClock } from '@esper/std';
import { type Admitted, admit, identityOf, signedIdentity } from '../core/admission.js';
import { type Audience, type ExpectedAudience, expectAudience } from '../core/audience.js';
import { isRefusal } from '../core/authenticate.js';
import { buildCommand } from '../core/build-command.js';
import type { VerifierCounts } from '../core/metrics.js';
import type { Refusal, RefusalReason } from '../core/refusal.js';
import { VerdictTally } from '../core/verdict-tally.js';
import { markVerified, type Verified } from '../core/verified.js';
import { VerifierError } from '../errors.js';
import { resolveVerifierOptions, type VerifierLimits, type VerifierOptions } from '../options.js';
import type { KeyRingSource, PayloadCodec } from '../ports.js';
import { leylinePayload } from '../wire/leyline-payload.js';
import type { ReplayGuard } from './replay-guard.js';
import { tallied } from './tallied.js';

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
  readonly #tally = new VerdictTally();

  constructor(parts: VerifierParts, limits: VerifierLimits, audience: ExpectedAudience) {
    this.#parts = parts;
    this.#limits = limits;
    this.#audience = audience;
  }

  async verify(bytes: Uint8Array): Promise<Result<Verified<AdaptationCommand>, Refusal>> {
    return tallied(this.#tally, this.#parts.clock, () => this.#verify(bytes));
  }

  counts(): VerifierCounts {
    return this.#tally.counts();
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

  async #settle(admitted: Admitted): Promise<Refusal | undefined> {
    if (this.#parts.replay.isSettled(admitted.claim)) return undefined;
    try {
      await this.#parts.replay.settle(admitted.claim);
      return undefined;
    } catch (cause) {
      return { ...this.#refused('replay_journal_failed', admitted), cause };
    }
  }

  #open(admitted: Admitted, payload: Uint8Array): Result<Verified<AdaptationCommand>, Refusal> {
    const { key, header } = admitted;
    const draft = (this.#parts.codec ?? leylinePayload).decode(payload);
    if (!draft.ok) return err({ ...this.#refused('malformed_payload', admitted), cause: draft.error });
    const command = buildCommand(draft.value, identityOf(header), key);
    if (typeof command === 'string') return err(this.#refused(command, admitted));
    invariant(command.trainingRunId === header.trainingRunId, 'the identity comes from the signed header alone');
    return ok(markVerified(command));
  }

  /** A refusal after the claim: the header is signed, so all of it may be told. */
  #refused(reason: RefusalReason, { key, header }: Admitted): Refusal {
    return { reason, keyId: key.keyId, identity: signedIdentity(header, this.#parts.clock.wallMs()) };
  }
}

/** Memory shared with other threads could change between the check and the use. */
const ownBytes = (bytes: Uint8Array): Uint8Array =>
  bytes.buffer instanceof SharedArrayBuffer ? new Uint8Array(bytes) : bytes;
