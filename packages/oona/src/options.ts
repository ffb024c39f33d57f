import { OonaError } from './errors.js';

/** Bounds of the embedded bus. */
export interface EmbeddedBusOptions {
  /** Unacknowledged messages one stream may hold; beyond it `publish` answers `OONA_FULL`. Default 100,000. */
  readonly entriesMax?: number;
  /** The same in bytes of envelope, over all streams. Default 256 MiB. */
  readonly bytesMax?: number;
  /** Messages kept on a stream that no group has ever read; older ones are removed and counted. Default 10,000. */
  readonly retainedMax?: number;
  /**
   * Records of the journal, from the oldest message that is kept for nobody to the newest: older ones are removed and counted, so
   * that one message on a quiet stream does not keep the whole journal. Default 100,000.
   */
  readonly journalSpanMax?: number;
  /** Recent message ids remembered per stream to recognise duplicates. Default 65,536. */
  readonly duplicateWindowMax?: number;
  /** Deliveries of one message to one group before it is dead-lettered. Default 5. */
  readonly attemptsMax?: number;
  /** Wait before the second delivery; doubles with each attempt up to 64 times. Default 100. */
  readonly retryDelayMs?: number;
  /** A handler that takes longer has failed. Default 30,000. */
  readonly handlerDeadlineMs?: number;
  /** Acknowledgements after which they are written down. A crash brings at most so many messages again. Default 64. */
  readonly acknowledgedEveryMax?: number;
  /** The same in time: an idle group writes its acknowledgements down after this long. Default 200. */
  readonly acknowledgedEveryMs?: number;
}

/** Every option, checked and frozen. */
export type ResolvedEmbeddedBusOptions = Readonly<Required<EmbeddedBusOptions>>;

/** What is used where nothing is given. */
export const EMBEDDED_BUS_DEFAULTS: ResolvedEmbeddedBusOptions = Object.freeze({
  entriesMax: 100_000,
  bytesMax: 256 * 1024 * 1024,
  retainedMax: 10_000,
  journalSpanMax: 100_000,
  duplicateWindowMax: 65_536,
  attemptsMax: 5,
  retryDelayMs: 100,
  handlerDeadlineMs: 30_000,
  acknowledgedEveryMax: 64,
  acknowledgedEveryMs: 200,
});

/** Smallest and largest value of each option, whole numbers all. */
const RANGES: { readonly [K in keyof ResolvedEmbeddedBusOptions]: readonly [number, number] } = {
  entriesMax: [1, 10_000_000],
  bytesMax: [1024, 2 ** 40],
  retainedMax: [0, 10_000_000],
  journalSpanMax: [1, 1_000_000_000],
  duplicateWindowMax: [0, 10_000_000],
  attemptsMax: [1, 1000],
  retryDelayMs: [0, 3_600_000],
  handlerDeadlineMs: [1, 3_600_000],
  acknowledgedEveryMax: [1, 1_000_000],
  acknowledgedEveryMs: [1, 3_600_000],
};

/** Throws `OONA_OPTION_INVALID` naming the option, its value and its range. */
export function resolveEmbeddedBusOptions(given: EmbeddedBusOptions = {}): ResolvedEmbeddedBusOptions {
  const resolved = { ...EMBEDDED_BUS_DEFAULTS };
  for (const name of Object.keys(RANGES) as (keyof ResolvedEmbeddedBusOptions)[]) {
    const value = given[name] ?? EMBEDDED_BUS_DEFAULTS[name];
    const [min, max] = RANGES[name];
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw new OonaError('OONA_OPTION_INVALID', `${name} must be a whole number in ${min}..${max}, not ${value}`);
    }
    resolved[name] = value;
  }
  return Object.freeze(resolved);
}
