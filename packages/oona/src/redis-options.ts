import { BUS_MESSAGE_TYPES, type BusMessageType } from '@esper/leyline';
import { OonaError } from './errors.js';
import { BUS_STREAMS, type BusStream } from './ports.js';

/** Bounds and names of a bus on Redis Streams. */
export interface RedisBusOptions {
  /** Keys of the streams where they differ from their names. Derived keys (`<key>:ids`, `<key>:seen:<group>`) stand beside them. */
  readonly streamKeys?: Partial<Readonly<Record<BusStream, string>>>;
  /** Entries one stream may hold while a group has not acknowledged the oldest; beyond it `publish` answers `OONA_FULL`. Default 100,000. */
  readonly entriesMax?: number;
  /** Entries kept on a stream that no group reads. Default 10,000. */
  readonly retainedMax?: number;
  /** Recent message ids remembered per stream, and per group, to recognise duplicates and replays. Default 65,536. */
  readonly duplicateWindowMax?: number;
  /** Entries set aside because they may not be delivered. Default 1,000. */
  readonly poisonMax?: number;
  /** Deliveries of one message to one group before it is dead-lettered, crashes included. Default 5. */
  readonly attemptsMax?: number;
  /** Wait before the second delivery, and after Redis failed; doubles up to 64 times. Default 100. */
  readonly retryDelayMs?: number;
  /** A handler that takes longer has failed. Default 30,000. */
  readonly handlerDeadlineMs?: number;
  /** Entries taken at a time. Default 16. */
  readonly batchMax?: number;
  /** A consumer not heard of for so long is dead: its entries go to another. Default 60,000. */
  readonly claimIdleMs?: number;
  /** A command not answered within this has failed. Default 2,000. */
  readonly commandDeadlineMs?: number;
  /** Publishes under way; one more is refused. Default 1,024. */
  readonly publishInFlightMax?: number;
  /** How long one wait for news lasts. Default 1,000. */
  readonly blockMs?: number;
  /** How often streams are trimmed and measured. Default 1,000. */
  readonly maintainEveryMs?: number;
  /** A message sent later than now by more than this is not believed. Default 60,000. */
  readonly futureMaxMs?: number;
  /** Age at which a message of a type is worth nothing any more; 0 for never. Default: states 10 min, commands 1 min, policy updates 1 day. */
  readonly freshForMs?: Partial<Readonly<Record<BusMessageType, number>>>;
}

/** Every option, checked and frozen. */
export interface ResolvedRedisBusOptions extends Readonly<Record<keyof typeof RANGES, number>> {
  readonly streamKeys: Readonly<Record<BusStream, string>>;
  readonly freshForMs: Readonly<Record<BusMessageType, number>>;
}

/** Default, smallest and largest value of each whole number. */
const RANGES = {
  entriesMax: [100_000, 1, 10_000_000],
  retainedMax: [10_000, 0, 10_000_000],
  duplicateWindowMax: [65_536, 1, 10_000_000],
  poisonMax: [1_000, 0, 1_000_000],
  attemptsMax: [5, 1, 1000],
  retryDelayMs: [100, 1, 3_600_000],
  handlerDeadlineMs: [30_000, 1, 3_600_000],
  batchMax: [16, 1, 10_000],
  claimIdleMs: [60_000, 10, 86_400_000],
  commandDeadlineMs: [2_000, 10, 3_600_000],
  publishInFlightMax: [1_024, 1, 1_000_000],
  blockMs: [1_000, 10, 60_000],
  maintainEveryMs: [1_000, 10, 3_600_000],
  futureMaxMs: [60_000, 0, 86_400_000],
} as const;

const FRESH_FOR_MS: Readonly<Record<BusMessageType, number>> = {
  SYSTEM_STATE: 600_000,
  ADAPTATION_COMMAND: 60_000,
  FIELD_REPORT: 0,
  TELEMETRY: 0,
  POLICY_UPDATE: 86_400_000,
  EMERGENCY_SIGNAL: 0,
  BSDS_ISSUED: 0,
  BSDS_FAILED: 0,
};

const NAME = /^[\x21-\x7e]{1,200}$/;

/** Throws `OONA_OPTION_INVALID` naming the option, its value and its range. */
export function resolveRedisBusOptions(given: RedisBusOptions = {}): ResolvedRedisBusOptions {
  const numbers: Record<string, number> = {};
  for (const name of Object.keys(RANGES) as (keyof typeof RANGES)[]) {
    const [fallback, min, max] = RANGES[name];
    numbers[name] = inRange(name, given[name] ?? fallback, [min, max]);
  }
  return Object.freeze({
    ...(numbers as Record<keyof typeof RANGES, number>),
    streamKeys: streamKeys(given.streamKeys ?? {}),
    freshForMs: freshness(given.freshForMs ?? {}),
  });
}

function streamKeys(given: NonNullable<RedisBusOptions['streamKeys']>): Readonly<Record<BusStream, string>> {
  const keys = BUS_STREAMS.map((stream) => [stream, named(`streamKeys.${stream}`, given[stream] ?? stream)] as const);
  if (new Set(keys.map(([, key]) => key)).size !== keys.length)
    throw new OonaError('OONA_OPTION_INVALID', 'streamKeys: two streams have the same key');
  return Object.freeze(Object.fromEntries(keys) as Record<BusStream, string>);
}

function freshness(given: NonNullable<RedisBusOptions['freshForMs']>): Readonly<Record<BusMessageType, number>> {
  const types = Object.keys(BUS_MESSAGE_TYPES) as BusMessageType[];
  const entries = types.map((type) => [
    type,
    inRange(`freshForMs.${type}`, given[type] ?? FRESH_FOR_MS[type], [0, 10 ** 12]),
  ]);
  return Object.freeze(Object.fromEntries(entries) as Record<BusMessageType, number>);
}

function inRange(name: string, value: number, [min, max]: readonly [number, number]): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new OonaError('OONA_OPTION_INVALID', `${name} must be a whole number in ${min}..${max}, not ${value}`);
}

function named(name: string, value: string): string {
  if (NAME.test(value)) return value;
  throw new OonaError('OONA_OPTION_INVALID', `${name} must be 1 to 200 printable ASCII characters without spaces`);
}
