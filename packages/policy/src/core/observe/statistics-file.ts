import { err, ok, type Result } from '@esper/std';
import { MAGNITUDE_MAX } from './feature-column.js';
import { type NormalizerState, priorNormalizerState, STATISTIC_KEYS, type StatisticKey } from './statistics.js';

const FORMAT = 'tamiyo-normalizer-v1';
/** 29 statistics need less than 4 KiB; anything far beyond is not ours. */
const TEXT_LENGTH_MAX = 65_536;

/** No two values lie further apart than from one end of float32 to the other. */
const VARIANCE_MAX = (2 * MAGNITUDE_MAX) ** 2;

/** Why a stored normaliser was not accepted. It is never replaced by priors silently: the host decides. */
export interface NormalizerDamage {
  readonly code: 'normalizer_damaged';
  readonly reason: string;
}

const damaged = (reason: string): Result<never, NormalizerDamage> => err({ code: 'normalizer_damaged', reason });

/** The state as JSON text with sorted keys: equal states give equal text. The host writes it atomically, and when is its choice. */
export function encodeNormalizerState(state: NormalizerState): string {
  const statistics = Object.fromEntries([...STATISTIC_KEYS].sort().map((key) => [key, state[key]]));
  return `${JSON.stringify({ format: FORMAT, statistics }, null, 2)}\n`;
}

/** The state a text holds. Exactly the known statistics, finite means, variances above zero; everything else is damage. */
export function decodeNormalizerState(text: string): Result<NormalizerState, NormalizerDamage> {
  if (text.length > TEXT_LENGTH_MAX) return damaged(`longer than ${TEXT_LENGTH_MAX} characters`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return damaged(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isRecord(parsed) || parsed['format'] !== FORMAT) return damaged(`format is not ${FORMAT}`);
  return isRecord(parsed['statistics']) ? readStatistics(parsed['statistics']) : damaged('statistics is not an object');
}

function readStatistics(given: Readonly<Record<string, unknown>>): Result<NormalizerState, NormalizerDamage> {
  const known = new Set<string>(STATISTIC_KEYS);
  const stranger = Object.keys(given).find((key) => !known.has(key));
  if (stranger !== undefined) return damaged(`unknown statistic ${JSON.stringify(stranger.slice(0, 64))}`);
  const state: Record<StatisticKey, { mean: number; variance: number }> = { ...priorNormalizerState() };
  for (const key of STATISTIC_KEYS) {
    const entry = Object.hasOwn(given, key) ? given[key] : undefined;
    if (!isRecord(entry)) return damaged(`${key} is missing`);
    const { mean, variance } = entry;
    if (typeof mean !== 'number' || !(Math.abs(mean) <= MAGNITUDE_MAX)) {
      return damaged(`${key}.mean is not a finite number that a feature can have`);
    }
    if (typeof variance !== 'number' || !(variance > 0 && variance <= VARIANCE_MAX)) {
      return damaged(`${key}.variance is not a finite number above 0 that features can have`);
    }
    state[key] = { mean, variance };
  }
  return ok(Object.freeze(state));
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
