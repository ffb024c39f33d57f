import { TelemetryError } from './errors.js';

/** Bounds of telemetry. All are whole numbers. */
export interface TelemetryOptions {
  /** Memory of the emergency lane for packets that wait, in encoded bytes. Default 16 MiB. */
  readonly emergencyBytesMax?: number;
  /** The same for the telemetry lane. Default 16 MiB. */
  readonly telemetryBytesMax?: number;
  /** Emergency messages per minute; what comes faster waits and is told in one summary. 0 switches the limit off. Default 120. */
  readonly emergencyPerMinuteMax?: number;
  /** Packets one summary may stand for. Default 1,000. */
  readonly summaryPacketsMax?: number;
  /** Messages of one lane handed to the bus and not answered. Default 16. */
  readonly inFlightMax?: number;
  /** CRITICAL packets kept in memory alone while the journal fails. Default 1,000. */
  readonly reserveMax?: number;
  /** CRITICAL packets that may wait on disk alone. Default 1,000,000. */
  readonly parkedMax?: number;
  /**
   * How long a packet of the telemetry lane may wait for others, in milliseconds, so that they share a round to the bus, and a sync
   * of its disk. Fewer than `inFlightMax` wait at all. The emergency lane never does. Default 0.
   */
  readonly lingerMs?: number;
  /** Wait after a refused publish; doubles up to 64 times. Default 100. */
  readonly retryDelayMs?: number;
  /** Drops are told at most this often. Default 10,000. */
  readonly dropReportMs?: number;
  /** Packets an exporter may be behind before it misses some. Default 1,000. */
  readonly exporterQueueMax?: number;
  /** Packets the bus refused for good that are kept for `requeue`. Default 1,000. */
  readonly deadLettersMax?: number;
}

/** Every option, checked and frozen. */
export type ResolvedTelemetryOptions = Readonly<Required<TelemetryOptions>>;

const MIB = 1024 * 1024;

/** What is used where nothing is given. */
export const TELEMETRY_DEFAULTS: ResolvedTelemetryOptions = Object.freeze({
  emergencyBytesMax: 16 * MIB,
  telemetryBytesMax: 16 * MIB,
  emergencyPerMinuteMax: 120,
  summaryPacketsMax: 1000,
  inFlightMax: 16,
  lingerMs: 0,
  reserveMax: 1000,
  parkedMax: 1_000_000,
  retryDelayMs: 100,
  dropReportMs: 10_000,
  exporterQueueMax: 1000,
  deadLettersMax: 1000,
});

const RANGES: { readonly [K in keyof ResolvedTelemetryOptions]: readonly [number, number] } = {
  emergencyBytesMax: [1024, 2 ** 40],
  telemetryBytesMax: [1024, 2 ** 40],
  emergencyPerMinuteMax: [0, 1_000_000],
  summaryPacketsMax: [2, 100_000],
  inFlightMax: [1, 10_000],
  lingerMs: [0, 60_000],
  reserveMax: [0, 1_000_000],
  parkedMax: [0, 100_000_000],
  retryDelayMs: [1, 3_600_000],
  dropReportMs: [1, 86_400_000],
  exporterQueueMax: [1, 1_000_000],
  deadLettersMax: [0, 1_000_000],
};

/** Throws `TELEMETRY_OPTION_INVALID` naming the option, its value and its range. */
export function resolveTelemetryOptions(given: TelemetryOptions = {}): ResolvedTelemetryOptions {
  const resolved = { ...TELEMETRY_DEFAULTS };
  for (const name of Object.keys(RANGES) as (keyof ResolvedTelemetryOptions)[]) {
    const value = given[name] ?? TELEMETRY_DEFAULTS[name];
    const [min, max] = RANGES[name];
    if (!Number.isSafeInteger(value) || value < min || value > max) {
      throw new TelemetryError(
        'TELEMETRY_OPTION_INVALID',
        `${name} must be a whole number in ${min}..${max}, not ${value}`,
      );
    }
    resolved[name] = value;
  }
  return Object.freeze(resolved);
}
