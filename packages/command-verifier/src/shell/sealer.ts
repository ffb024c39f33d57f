import type { CommandDraft, CommandIdentity } from '@esper/leyline';
import { invariant, type UnixMs, type WallClock } from '@esper/std';
import { composeEnvelope, composeSignedPart } from '../core/compose-envelope.js';
import { signingKeys } from '../core/key-ring.js';
import { prepareDraft } from '../core/prepare-draft.js';
import { sealRequestFault } from '../core/seal-request.js';
import { SequenceGuard } from '../core/sequence-guard.js';
import { isCommandId, writeIdentityHeader } from '../core/signed-part.js';
import { VerifierError } from '../errors.js';
import { resolveSealerOptions, type SealerLimits, type SealerOptions } from '../options.js';
import type { IdSource, KeyRingSource, PayloadCodec } from '../ports.js';
import { leylinePayload } from '../wire/leyline-payload.js';

/** What a sealer works with. */
export interface SealerParts {
  readonly keyRing: KeyRingSource;
  readonly clock: WallClock;
  readonly ids: IdSource;
  /** [the message codec of `@esper/leyline`] */
  readonly codec?: PayloadCodec;
  readonly options?: SealerOptions;
}

/** Where a command is going, and its place in the run. Epoch and sequence are the caller's journalled run state. */
export interface SealRequest {
  /** 1 to 1,024 bytes of UTF-8. */
  readonly trainingRunId: string;
  /** Who may execute it, for example `kasmina`; 1 to 64 bytes of UTF-8. */
  readonly consumer: string;
  /** Safe integer ≥ 0; never below that of an earlier command of the run. */
  readonly issuerEpoch: number;
  /** Safe integer ≥ 0; above that of every earlier command of the run. */
  readonly sequence: number;
  /** Milliseconds from now after which it must not be executed any more; ≥ 1. */
  readonly expiresInMs: number;
}

/** A command ready to be recorded and sent. The bytes are final: any change breaks the signature. */
export interface SealedCommand {
  readonly bytes: Uint8Array;
  readonly identity: CommandIdentity;
  /** The keys that signed, in order. */
  readonly keyIds: readonly string[];
}

/** Seals commands into signed bytes. */
export interface Sealer {
  /**
   * Gives the draft a fresh id and the time of issue, drops an old `signature` annotation, signs with every current key.
   * Synchronous; the last thing that happens to a command. Throws a `VerifierError` (`SEAL_…`), or what the payload codec
   * throws for a draft that is no command; then no sequence number was used up.
   */
  seal(draft: CommandDraft, request: SealRequest): SealedCommand;
}

/** Throws `OPTION_INVALID`. */
export function createSealer(parts: SealerParts): Sealer {
  const limits = resolveSealerOptions(parts.options);
  const guard = new SequenceGuard(limits.runsMax);
  return Object.freeze({
    seal: (draft: CommandDraft, request: SealRequest) => {
      const sealed = sealOnce({ parts, limits, guard }, draft, request);
      guard.advance(sealed.identity);
      return sealed;
    },
  });
}

interface SealContext {
  readonly parts: SealerParts;
  readonly limits: SealerLimits;
  readonly guard: SequenceGuard;
}

function sealOnce({ parts, limits, guard }: SealContext, draft: CommandDraft, request: SealRequest): SealedCommand {
  const fault = sealRequestFault(request);
  if (fault !== undefined) throw new VerifierError('SEAL_INVALID_FIELD', fault);
  if (!guard.rises(request))
    throw new VerifierError('SEAL_SEQUENCE_NOT_RISING', `sequence ${request.sequence} in epoch ${request.issuerEpoch}`);
  const now = parts.clock.wallMs();
  const keys = signingKeys(parts.keyRing.current(), now);
  if (keys.length === 0) throw new VerifierError('SEAL_NO_SIGNING_KEY', 'no current key is valid now');
  const identity = identify(request, parts.ids, now);
  const keyIds = keys.map((key) => key.keyId);
  const prepared = prepareDraft(draft, { keyIds, freshnessWindowMs: limits.freshnessWindowMs });
  const payload = (parts.codec ?? leylinePayload).encode(prepared);
  const header = writeIdentityHeader(identity);
  const signedPart = composeSignedPart({ keyIds, header, payload, ...request });
  const bytes = composeEnvelope(
    keys.map((key) => key.sign(signedPart)),
    signedPart,
  );
  if (bytes.length > limits.commandBytesMax)
    throw new VerifierError('SEAL_TOO_LARGE', `${bytes.length} bytes, at most ${limits.commandBytesMax} are allowed`);
  return Object.freeze({ bytes, identity, keyIds });
}

function identify(request: SealRequest, ids: IdSource, now: UnixMs): CommandIdentity {
  const commandId = ids.commandId();
  invariant(isCommandId(commandId), 'the id source gives lower-case UUIDs version 4');
  return Object.freeze({
    commandId,
    trainingRunId: request.trainingRunId,
    issuerEpoch: request.issuerEpoch,
    sequence: request.sequence,
    issuedAtMs: now,
    expiresAtMs: now + request.expiresInMs,
  });
}
