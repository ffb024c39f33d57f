import type { CommandDraft } from '@esper/leyline';
import { err, type MonoClock, ok, type Result, type WallClock } from '@esper/std';
import type { VerifierCounts } from '../core/metrics.js';
import type { Refusal } from '../core/refusal.js';
import { VerdictTally } from '../core/verdict-tally.js';
import { markVerified, type Verified } from '../core/verified.js';
import { VerifierError } from '../errors.js';
import { resolveVerifierOptions, type VerifierLimits, type VerifierOptions } from '../options.js';
import type { KeyRingSource } from '../ports.js';
import { admitLeyline, type LeylineAdmitted } from '../wire/leyline-v1.js';
import type { ReplayGuard } from './replay-guard.js';
import { tallied } from './tallied.js';

/** A command in the prototype's form: no run, epoch, sequence or expiry in its identity. */
export interface LeylineCommand extends CommandDraft {
  readonly commandId: string;
  readonly issuedAtMs: number;
}

/** What a verifier of the prototype's commands works with. */
export interface LeylineVerifierParts {
  readonly keyRing: KeyRingSource;
  readonly clock: WallClock & MonoClock;
  /** Made with `sequence: 'any'`. */
  readonly replay: ReplayGuard;
  /** Makes 16 bytes of any text; equal for equal texts alone, in practice (a cut SHA-256). */
  readonly digest: { nonceOf(commandId: string): Uint8Array };
  readonly options?: VerifierOptions;
}

/** Verifies commands in the prototype's form. */
export interface LeylineVerifier {
  /** Never rejects. `signature` stands for the `signature` annotation when it came apart from the bytes. */
  verify(bytes: Uint8Array, signature?: string): Promise<Result<Verified<LeylineCommand>, Refusal>>;
  /** Exact counts since the verifier was made. */
  counts(): VerifierCounts;
}

/** Throws `OPTION_INVALID`. */
export function createLeylineVerifier(parts: LeylineVerifierParts): LeylineVerifier {
  const limits = resolveVerifierOptions(parts.options);
  if (parts.replay.sequenceRule !== 'any')
    throw new VerifierError('OPTION_INVALID', "the replay guard must be made with sequence: 'any'");
  if (parts.replay.retentionMs < limits.windowMs + limits.futureSkewMs)
    throw new VerifierError('OPTION_INVALID', 'retentionMs must be at least windowMs + futureSkewMs');
  const tally = new VerdictTally();
  return Object.freeze({
    verify: (bytes: Uint8Array, signature?: string) =>
      tallied(tally, parts.clock, async () => verifyOnce(bytes.slice(), signature, { parts, limits })),
    counts: () => tally.counts(),
  });
}

interface LeylineShell {
  readonly parts: LeylineVerifierParts;
  readonly limits: VerifierLimits;
}

async function verifyOnce(
  bytes: Uint8Array,
  signature: string | undefined,
  { parts, limits }: LeylineShell,
): Promise<Result<Verified<LeylineCommand>, Refusal>> {
  const input = signature === undefined ? { bytes } : { bytes, signature };
  const admitted = admitLeyline(input, {
    ring: parts.keyRing.current(),
    nowMicros: BigInt(parts.clock.wallMs()) * 1000n,
    at: parts.clock.monoMs(),
    commandBytesMax: limits.commandBytesMax,
    windowMicros: BigInt(limits.windowMs) * 1000n,
    futureSkewMicros: BigInt(limits.futureSkewMs) * 1000n,
    replay: parts.replay,
    nonceOf: parts.digest.nonceOf,
  });
  if ('reason' in admitted) return err(admitted);
  const unsettled = await settle(parts.replay, admitted);
  return unsettled === undefined ? open(admitted) : err(unsettled);
}

async function settle(replay: ReplayGuard, { claim, told }: LeylineAdmitted): Promise<Refusal | undefined> {
  if (replay.isSettled(claim)) return undefined;
  try {
    await replay.settle(claim);
    return undefined;
  } catch (cause) {
    return { reason: 'replay_journal_failed', ...told, cause };
  }
}

function open({ key, received, issuedAtMs, told }: LeylineAdmitted): Result<Verified<LeylineCommand>, Refusal> {
  const draft = received.draft();
  if (!draft.ok) return err({ reason: 'malformed_payload', ...told, cause: draft.error });
  if (key.commandTypes !== undefined && !key.commandTypes.includes(draft.value.commandType))
    return err({ reason: 'command_not_allowed', ...told });
  return ok(markVerified(Object.freeze({ ...draft.value, commandId: received.commandId, issuedAtMs })));
}
