import type { TelemetryEvent, TelemetryLevel } from '@esper/leyline';
import { TamiyoError } from '../errors.js';
import type { Config, ConfigKey } from './knobs.js';

/** The feature flags by their catalogue numbers. */
export const FLAG_IDS = ['FF-01', 'FF-02', 'FF-03', 'FF-04', 'FF-05', 'FF-06', 'FF-07', 'FF-08'] as const;
export type FlagId = (typeof FLAG_IDS)[number];

interface FlagSpec {
  /** The setting that turns it on. */
  readonly key: ConfigKey;
  readonly isSet: (config: Config) => boolean;
  /** Ends by itself: it weakens something, and is forgotten more easily than it is set. */
  readonly ends: boolean;
  /** How loudly it is announced. */
  readonly level: TelemetryLevel;
  readonly means: string;
}

/** Every flag: which setting turns it on, whether it ends by itself, and what it means while it is on. */
const FLAGS = {
  'FF-01': {
    key: 'flags.pauseFallback',
    isSet: (config) => config['flags.pauseFallback'],
    ends: true,
    level: 'CRITICAL',
    means: 'A timeout answers with a signed PAUSE instead of failing.',
  },
  'FF-02': {
    key: 'wal.rewrite',
    isSet: (config) => config['wal.rewrite'] !== 'on',
    ends: false,
    level: 'WARNING',
    means: 'The log is neither cut nor rewritten: retention at most reports what it would do.',
  },
  'FF-03': {
    key: 'wal.strict',
    isSet: (config) => !config['wal.strict'],
    ends: false,
    level: 'WARNING',
    means: 'The host starts on a log with rot, and reports it.',
  },
  'FF-04': {
    key: 'wal.durability',
    isSet: (config) => config['wal.durability'] === 'written',
    ends: true,
    level: 'CRITICAL',
    means: 'Records are not on stable storage when a command leaves.',
  },
  'FF-05': {
    key: 'flags.guardRelaxed',
    isSet: (config) => config['flags.guardRelaxed'],
    ends: true,
    level: 'WARNING',
    means: 'A SEED may name a blueprint that the catalogue does not know; the risk engine still judges it.',
  },
  'FF-06': {
    key: 'flags.confidenceGate',
    isSet: (config) => config['flags.confidenceGate'] === 'hold',
    ends: false,
    level: 'WARNING',
    means: 'A confidence blend without logits becomes a PAUSE instead of failing the decision.',
  },
  'FF-07': {
    key: 'inference.host',
    isSet: (config) => config['inference.host'] === 'thread',
    ends: false,
    level: 'INFO',
    means: 'Inference runs in a worker thread; a hung run is abandoned, not killed.',
  },
  'FF-08': {
    key: 'blend.annotationsEnabled',
    isSet: (config) => config['blend.annotationsEnabled'],
    ends: false,
    level: 'INFO',
    means: 'SEED commands carry blend-mode annotations.',
  },
} as const satisfies Readonly<Record<FlagId, FlagSpec>>;

/** How long a flag that ends stays on when `flags.until` says nothing. */
const DAY_MS = 86_400_000;
/** The longest that it may stay on. */
const ENDS_MS_MAX = 7 * DAY_MS;

/** One flag as it stands. */
export interface FlagView {
  readonly id: FlagId;
  readonly key: ConfigKey;
  readonly on: boolean;
  /** Set, and its time is over. */
  readonly expired: boolean;
  /** When it ends by itself, milliseconds since 1970; `null`: it does not. */
  readonly endsAtMs: number | null;
  readonly means: string;
}

/** The flags of one host, from its start on. */
export class FeatureFlags {
  readonly #config: Config;
  readonly #endsAtMs: number;

  /**
   * Throws `CONFIG_INVALID` when a flag that ends is set and its end has passed, or lies more than a week ahead.
   */
  constructor(config: Config, startedAtMs: number) {
    this.#config = config;
    this.#endsAtMs = endOf(config, startedAtMs);
  }

  isOn(id: FlagId, nowMs: number): boolean {
    const spec = FLAGS[id];
    return spec.isSet(this.#config) && !(spec.ends && nowMs >= this.#endsAtMs);
  }

  views(nowMs: number): readonly FlagView[] {
    return FLAG_IDS.map((id) => {
      const { key, ends, means, isSet } = FLAGS[id];
      const on = this.isOn(id, nowMs);
      return {
        id,
        key,
        on,
        expired: isSet(this.#config) && !on,
        endsAtMs: ends && isSet(this.#config) ? this.#endsAtMs : null,
        means,
      };
    });
  }

  /** The flags that are on, for the indicator of every packet. */
  active(nowMs: number): readonly FlagId[] {
    return FLAG_IDS.filter((id) => this.isOn(id, nowMs));
  }

  /** When the next flag ends; `undefined` when none will. */
  nextEndMs(nowMs: number): number | undefined {
    return FLAG_IDS.some((id) => FLAGS[id].ends && this.isOn(id, nowMs)) ? this.#endsAtMs : undefined;
  }
}

/** The announcement of a flag that is on. */
export const flagEvent = (id: FlagId, endsAtMs: number | null): TelemetryEvent => ({
  description: 'flag_active',
  level: FLAGS[id].level,
  attributes: {
    flag: id,
    setting: FLAGS[id].key,
    means: FLAGS[id].means,
    ...(endsAtMs === null ? {} : { ends_at: new Date(endsAtMs).toISOString() }),
  },
});

function endOf(config: Config, startedAtMs: number): number {
  const given = config['flags.until'];
  const endsAtMs = given === '' ? startedAtMs + DAY_MS : Date.parse(given);
  const needed = FLAG_IDS.filter((id) => FLAGS[id].ends && FLAGS[id].isSet(config));
  if (needed.length === 0) return endsAtMs;
  const names = needed.map((id) => FLAGS[id].key).join(', ');
  if (!(endsAtMs > startedAtMs)) {
    throw new TamiyoError('CONFIG_INVALID', `flags.until (${given}) is over; set a later one or turn off ${names}`);
  }
  if (endsAtMs > startedAtMs + ENDS_MS_MAX) {
    throw new TamiyoError(
      'CONFIG_INVALID',
      `flags.until (${given}) is more than a week ahead; ${names} may not last so long`,
    );
  }
  return endsAtMs;
}
