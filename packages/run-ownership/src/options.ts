import { RunOwnershipError } from './errors.js';

/** Bounds of a ledger on Redis. */
export interface RedisLedgerOptions {
  /** What every key begins with. Hosts that share runs have the same. Default `tamiyo`. */
  readonly keyPrefix?: string;
  /** A run nobody has written to for so long is forgotten, in milliseconds. Default 30 days. */
  readonly keepMs?: number;
  /** How long an answer is given again, in milliseconds. Default 10 minutes. */
  readonly answerKeepMs?: number;
  /** A command not answered within this has failed, in milliseconds. Default 100. */
  readonly answerWithinMs?: number;
}

/** Every option, checked and frozen. */
export type ResolvedRedisLedgerOptions = Readonly<Required<RedisLedgerOptions>>;

/** Default, smallest and largest value of each whole number. */
const RANGES = {
  keepMs: [30 * 86_400_000, 60_000, 10 ** 13],
  answerKeepMs: [600_000, 0, 10 ** 10],
  answerWithinMs: [100, 1, 3_600_000],
} as const;

const PREFIX = /^[\x21-\x7e]{1,100}$/;

/** Throws `LEDGER_OPTION_INVALID` naming the option, its value and its range. */
export function resolveRedisLedgerOptions(given: RedisLedgerOptions = {}): ResolvedRedisLedgerOptions {
  const keyPrefix = given.keyPrefix ?? 'tamiyo';
  if (!PREFIX.test(keyPrefix)) {
    throw invalid('keyPrefix must be 1 to 100 printable ASCII characters without spaces');
  }
  return Object.freeze({
    keyPrefix,
    keepMs: inRange('keepMs', given.keepMs),
    answerKeepMs: inRange('answerKeepMs', given.answerKeepMs),
    answerWithinMs: inRange('answerWithinMs', given.answerWithinMs),
  });
}

function inRange(name: keyof typeof RANGES, given: number | undefined): number {
  const [fallback, min, max] = RANGES[name];
  const value = given ?? fallback;
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw invalid(`${name} must be a whole number in ${min}..${max}, not ${value}`);
}

const invalid = (message: string): RunOwnershipError => new RunOwnershipError('LEDGER_OPTION_INVALID', message);
