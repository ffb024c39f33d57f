import type { FreshnessLimits } from './core/freshness.js';
import type { ReplayLimits } from './core/replay-memory.js';
import type { SequenceRule } from './core/run-positions.js';
import type { WatermarkLimits } from './core/watermark.js';
import { VerifierError } from './errors.js';

/** Bounds of a verifier. All optional; defaults in brackets. */
export interface VerifierOptions {
  /** Whole envelope, in bytes [262,144]. */
  readonly commandBytesMax?: number;
  /** Age at which a command is stale [60,000]. */
  readonly windowMs?: number;
  /** How far ahead a command may be dated [5,000]. */
  readonly futureSkewMs?: number;
}

/** What a verifier works with. */
export interface VerifierLimits extends FreshnessLimits {
  readonly commandBytesMax: number;
}

/** Bounds of a replay guard. All optional; defaults in brackets. */
export interface ReplayOptions {
  /** Live nonces [100,000]; about 40 bytes each, allocated at the start. */
  readonly capacity?: number;
  /** Live nonces of one key [the capacity]. */
  readonly perKeyMax?: number;
  /** Runs with a known position [4,096]. */
  readonly runsMax?: number;
  /** How long a nonce is kept [300,000]; at least the verifier's window plus skew. */
  readonly retentionMs?: number;
  /** `rising` [default] demands strictly rising sequence numbers per run; `any` is for senders without them. */
  readonly sequence?: SequenceRule;
  /** An unsigned 32-bit number nobody can guess [0]. */
  readonly hashSeed?: number;
  /** How far the watermark goes ahead of a command [1,000; at most 2,000]: what a restart costs. */
  readonly leadMs?: number;
  /** Claims that wait for the journal together [1,024]. */
  readonly waitingMax?: number;
}

/** What a replay guard works with. */
export interface ResolvedReplayOptions {
  readonly memory: ReplayLimits;
  readonly watermark: WatermarkLimits;
  readonly waitingMax: number;
}

/** Bounds of a sealer. All optional; defaults in brackets. */
export interface SealerOptions {
  /** Whole envelope, in bytes [262,144]. */
  readonly commandBytesMax?: number;
  /** Written into the command's security metadata, for the executor's information [60,000]. */
  readonly freshnessWindowMs?: number;
  /** Runs whose last sequence number is remembered [4,096]. */
  readonly runsMax?: number;
}

/** What a sealer works with. */
export type SealerLimits = Required<SealerOptions>;

const COMMAND_BYTES_MAX = 262_144;
const DAY_MS = 86_400_000;
const SEQUENCE_LEAD_MAX = 4096;

/** Defaults filled in, every field checked. Throws `OPTION_INVALID` naming the field, its value and its range. */
export function resolveVerifierOptions(given: VerifierOptions = {}): VerifierLimits {
  return Object.freeze({
    commandBytesMax: whole('commandBytesMax', given.commandBytesMax ?? COMMAND_BYTES_MAX, [128, 2 ** 26]),
    windowMs: whole('windowMs', given.windowMs ?? 60_000, [0, DAY_MS]),
    futureSkewMs: whole('futureSkewMs', given.futureSkewMs ?? 5000, [0, DAY_MS]),
  });
}

/** Defaults filled in, every field checked. Throws `OPTION_INVALID`. */
export function resolveReplayOptions(given: ReplayOptions = {}): ResolvedReplayOptions {
  const capacity = whole('capacity', given.capacity ?? 100_000, [1, 2 ** 26]);
  const runsMax = whole('runsMax', given.runsMax ?? 4096, [1, 2 ** 20]);
  return Object.freeze({
    memory: Object.freeze({
      capacity,
      perKeyMax: whole('perKeyMax', given.perKeyMax ?? capacity, [1, 2 ** 26]),
      runsMax,
      retentionMs: whole('retentionMs', given.retentionMs ?? 300_000, [0, 2 * DAY_MS]),
      sequence: sequenceRule(given.sequence ?? 'rising'),
      hashSeed: whole('hashSeed', given.hashSeed ?? 0, [0, 2 ** 32 - 1]),
    }),
    watermark: Object.freeze({
      leadMs: whole('leadMs', given.leadMs ?? 1000, [1, 2000]),
      sequenceLeadMax: SEQUENCE_LEAD_MAX,
      runsMax,
    }),
    waitingMax: whole('waitingMax', given.waitingMax ?? 1024, [1, 2 ** 20]),
  });
}

/** Defaults filled in, every field checked. Throws `OPTION_INVALID`. */
export function resolveSealerOptions(given: SealerOptions = {}): SealerLimits {
  return Object.freeze({
    commandBytesMax: whole('commandBytesMax', given.commandBytesMax ?? COMMAND_BYTES_MAX, [128, 2 ** 26]),
    freshnessWindowMs: whole('freshnessWindowMs', given.freshnessWindowMs ?? 60_000, [0, DAY_MS]),
    runsMax: whole('runsMax', given.runsMax ?? 4096, [1, 2 ** 20]),
  });
}

/** `value` when it is a whole number within `range` (both ends included). Throws `OPTION_INVALID` otherwise. */
function whole(name: string, value: number, range: readonly [min: number, max: number]): number {
  const [min, max] = range;
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new VerifierError('OPTION_INVALID', `${name} must be a whole number from ${min} to ${max}, got ${value}`);
}

function sequenceRule(value: SequenceRule): SequenceRule {
  if (value === 'rising' || value === 'any') return value;
  throw new VerifierError('OPTION_INVALID', `sequence must be 'rising' or 'any', got ${String(value)}`);
}
