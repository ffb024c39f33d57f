/** Settings of the life of field reports. Every field has a default; see {@link FIELD_REPORT_DEFAULTS}. */
export interface FieldReportOptions {
  /** Epochs that a decision is observed for. Default 3; 1 turns synthesis off; 1 to 10,000. */
  readonly windowEpochs?: number;
  /** A window that is open for longer is closed as it is, in ms of decision time. Default 24 h; above 0. */
  readonly windowTtlMs?: number;
  /** Most open windows of one run; the oldest is closed as it is. Default 256; at least 1. */
  readonly windowsPerRunMax?: number;
  /** Most runs with open windows; the run that was quiet longest has its windows closed. Default 1,024; at least 1. */
  readonly runsMax?: number;
  /** Most reports that wait to be published; the oldest is dropped, durably and counted. Default 10,000; at least 1. */
  readonly pendingMax?: number;
  /** Most publishes in one flush. Default 256; at least 1. */
  readonly publishPerFlushMax?: number;
  /** Publishes under way at once, so that they share a sync of the bus. Default 16; at least 1. */
  readonly publishConcurrencyMax?: number;
  /** Failed attempts after which a report is still tried again; the next failure drops it. Default 3; at least 0. */
  readonly retriesMax?: number;
  /** Delay after the first failure, in ms. Default 1,000; at least 0. */
  readonly backoffBaseMs?: number;
  /** What each further failure multiplies the delay by. Default 2; at least 1. */
  readonly backoffMultiplier?: number;
  /** Longest delay, in ms. Default 60,000; at least the base. */
  readonly backoffMaxMs?: number;
  /** Up to this share of a delay is taken off at random. Default 0.2; 0 to 1. */
  readonly backoffJitterRatio?: number;
  /** `consumer`: a report is done when its consumer says so. `bus` (default): when the bus has taken it. */
  readonly acknowledgement?: 'bus' | 'consumer';
  /** How long a consumer may take before the one repetition, and again before the report counts as unacknowledged. Default 2,000 ms. */
  readonly acknowledgementMs?: number;
  /** A publish that takes longer is slow, in ms. Default 500; at least 0. */
  readonly slowPublishMs?: number;
  /** After so many slow ones in a row publishing rests. Default 3; at least 1. */
  readonly slowPublishesMax?: number;
  /** How long it rests before a single report is tried, in ms. Default 10,000; at least 1. */
  readonly publishPauseMs?: number;
}

/** {@link FieldReportOptions} with every field present and checked. Frozen. */
export type ResolvedFieldReportOptions = Readonly<Required<FieldReportOptions>>;

/** What is used for a field that is not given. */
export const FIELD_REPORT_DEFAULTS: ResolvedFieldReportOptions = Object.freeze({
  windowEpochs: 3,
  windowTtlMs: 24 * 3_600_000,
  windowsPerRunMax: 256,
  runsMax: 1024,
  pendingMax: 10_000,
  publishPerFlushMax: 256,
  publishConcurrencyMax: 16,
  retriesMax: 3,
  backoffBaseMs: 1000,
  backoffMultiplier: 2,
  backoffMaxMs: 60_000,
  backoffJitterRatio: 0.2,
  acknowledgement: 'bus',
  acknowledgementMs: 2000,
  slowPublishMs: 500,
  slowPublishesMax: 3,
  publishPauseMs: 10_000,
});

const MAX = Number.MAX_SAFE_INTEGER;
/** Field → [least, most, whole numbers only]. */
const RANGES = {
  windowEpochs: [1, 10_000, true],
  windowTtlMs: [1, MAX, true],
  windowsPerRunMax: [1, MAX, true],
  runsMax: [1, MAX, true],
  pendingMax: [1, MAX, true],
  publishPerFlushMax: [1, MAX, true],
  publishConcurrencyMax: [1, MAX, true],
  retriesMax: [0, MAX, true],
  backoffBaseMs: [0, MAX, true],
  backoffMultiplier: [1, 1000, false],
  backoffMaxMs: [0, MAX, true],
  backoffJitterRatio: [0, 1, false],
  acknowledgementMs: [1, MAX, true],
  slowPublishMs: [0, MAX, true],
  slowPublishesMax: [1, MAX, true],
  publishPauseMs: [1, MAX, true],
} as const;

function numberIn(given: FieldReportOptions, field: keyof typeof RANGES): number {
  const value = given[field] ?? FIELD_REPORT_DEFAULTS[field];
  const [min, max, whole] = RANGES[field];
  if (!(value >= min && value <= max) || (whole && !Number.isSafeInteger(value))) {
    const kind = whole ? 'a whole number' : 'a number';
    throw new RangeError(`${field} must be ${kind} from ${min} to ${max}, got ${value}`);
  }
  return value;
}

/** Checks every field by name. Throws `RangeError` with the value and the range. */
export function resolveFieldReportOptions(given: FieldReportOptions = {}): ResolvedFieldReportOptions {
  const numbers = Object.fromEntries(
    (Object.keys(RANGES) as (keyof typeof RANGES)[]).map((field) => [field, numberIn(given, field)]),
  ) as Record<keyof typeof RANGES, number>;
  const acknowledgement = given.acknowledgement ?? FIELD_REPORT_DEFAULTS.acknowledgement;
  if (acknowledgement !== 'bus' && acknowledgement !== 'consumer') {
    throw new RangeError(`acknowledgement must be bus or consumer, got ${String(acknowledgement)}`);
  }
  if (numbers.backoffMaxMs < numbers.backoffBaseMs) {
    throw new RangeError(
      `backoffMaxMs must be at least backoffBaseMs (${numbers.backoffBaseMs}), got ${numbers.backoffMaxMs}`,
    );
  }
  return Object.freeze({ ...numbers, acknowledgement });
}
