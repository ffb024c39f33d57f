import { RECOVERY_MODES, type RecoveryMode } from './core/recovery-decision.js';

/** Settings of one log. Every field has a default; see {@link WAL_DEFAULTS}. */
export interface WalOptions {
  /** What opening does about damage. Default `tail`. */
  readonly recovery?: RecoveryMode;
  /**
   * `durable` (default): an append resolves after `fdatasync`. `written`: it resolves after the write, and a power cut
   * may take it back; for harnesses only, announced by an event and counted in the stats.
   */
  readonly durability?: 'durable' | 'written';
  /**
   * Whether files may be rewritten, cut or deleted by retention and repair. `on` (default). `shadow`: nothing is changed,
   * reports say what would be. `off`: like `shadow`, and retention does not even look.
   */
  readonly rewrite?: 'on' | 'shadow' | 'off';
  /** A new segment begins when the next record would make the file longer, in bytes. Default 64 MiB; 4 KiB to 1 GiB. */
  readonly segmentBytesMax?: number;
  /** Longest payload, in bytes. Default 4 MiB; 1 to 256 MiB. Longer ones are refused (`WAL_RECORD_TOO_LARGE`). */
  readonly recordBytesMax?: number;
  /** Most bytes written before a sync. Default 1 MiB; 4 KiB to 64 MiB. A single longer record still goes alone. */
  readonly batchBytesMax?: number;
  /** Most records that may wait for the disk. Default 16,384; at least 1. More are refused (`WAL_QUEUE_FULL`). */
  readonly queueRecordsMax?: number;
  /** Most payload bytes that may wait. Default 64 MiB; at least 1. More are refused (`WAL_QUEUE_FULL`). */
  readonly queueBytesMax?: number;
  /** Disk space kept for `useReserve` appends when the disk is full. Default 64 KiB; 0 (none) to 64 MiB. */
  readonly reserveBytes?: number;
  /** Size of the buffer for reading, in bytes. Default 256 KiB; 4 KiB to 64 MiB. */
  readonly readBytes?: number;
  /** Most damaged places one recovery lists. Default 10,000; at least 1. With more, opening is refused. */
  readonly damagesMax?: number;
}

/** {@link WalOptions} with every field present and checked. Frozen. */
export type ResolvedWalOptions = Readonly<Required<WalOptions>>;

const KIB = 1024;
const MIB = 1024 * KIB;

/** What is used for a field that is not given. */
export const WAL_DEFAULTS: ResolvedWalOptions = Object.freeze({
  recovery: 'tail',
  durability: 'durable',
  rewrite: 'on',
  segmentBytesMax: 64 * MIB,
  recordBytesMax: 4 * MIB,
  batchBytesMax: MIB,
  queueRecordsMax: 16_384,
  queueBytesMax: 64 * MIB,
  reserveBytes: 64 * KIB,
  readBytes: 256 * KIB,
  damagesMax: 10_000,
});

const RANGES = {
  segmentBytesMax: [4 * KIB, 1024 * MIB],
  recordBytesMax: [1, 256 * MIB],
  batchBytesMax: [4 * KIB, 64 * MIB],
  queueRecordsMax: [1, Number.MAX_SAFE_INTEGER],
  queueBytesMax: [1, Number.MAX_SAFE_INTEGER],
  reserveBytes: [0, 64 * MIB],
  readBytes: [4 * KIB, 64 * MIB],
  damagesMax: [1, 1_000_000],
} as const satisfies Partial<Record<keyof WalOptions, readonly [number, number]>>;

const CHOICES = {
  recovery: RECOVERY_MODES,
  durability: ['durable', 'written'],
  rewrite: ['on', 'shadow', 'off'],
} as const;

function numberIn(given: WalOptions, field: keyof typeof RANGES): number {
  const value = given[field] ?? WAL_DEFAULTS[field];
  const [min, max] = RANGES[field];
  if (!(Number.isSafeInteger(value) && value >= min && value <= max)) {
    throw new RangeError(`${field} must be a whole number from ${min} to ${max}, got ${value}`);
  }
  return value;
}

function choiceOf<Field extends keyof typeof CHOICES>(given: WalOptions, field: Field): ResolvedWalOptions[Field] {
  const value = given[field] ?? WAL_DEFAULTS[field];
  const choices: readonly string[] = CHOICES[field];
  if (!choices.includes(value)) throw new RangeError(`${field} must be one of ${choices.join(', ')}, got ${value}`);
  return value as ResolvedWalOptions[Field];
}

/** Checks every field by name. Throws `RangeError` with the value and the range. */
export function resolveWalOptions(given: WalOptions = {}): ResolvedWalOptions {
  return Object.freeze({
    recovery: choiceOf(given, 'recovery'),
    durability: choiceOf(given, 'durability'),
    rewrite: choiceOf(given, 'rewrite'),
    segmentBytesMax: numberIn(given, 'segmentBytesMax'),
    recordBytesMax: numberIn(given, 'recordBytesMax'),
    batchBytesMax: numberIn(given, 'batchBytesMax'),
    queueRecordsMax: numberIn(given, 'queueRecordsMax'),
    queueBytesMax: numberIn(given, 'queueBytesMax'),
    reserveBytes: numberIn(given, 'reserveBytes'),
    readBytes: numberIn(given, 'readBytes'),
    damagesMax: numberIn(given, 'damagesMax'),
  });
}
