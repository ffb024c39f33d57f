import type { TelemetryLevel } from '@esper/leyline';
import type { RiskConfig } from '../config.js';
import type { RiskContext } from '../context.js';
import { type Comparison, passing, type RawFinding } from '../finding.js';
import { graver, type Mitigation } from '../severity.js';
import type { Reading } from '../signals/reading.js';
import type { SignalName } from '../signals/signal-table.js';
import { neutral, unknownSignal } from './unknown.js';

/** One threshold of a signal and what lies beyond it. */
export interface Band {
  readonly threshold: (config: RiskConfig) => number;
  /** `reason` and `event` differ in one place only (isolation), as the catalogue has it. */
  readonly reason: string;
  readonly event: string;
  readonly level: TelemetryLevel;
  readonly mitigation: Mitigation;
  /** `seed_mitigates`: noticed always, acts on a SEED only. `seed_only`: looked at for a SEED only. */
  readonly applies: 'always' | 'seed_mitigates' | 'seed_only';
  readonly entersMode: boolean;
  readonly attributes: (value: number) => Readonly<Record<string, string>>;
}

/** A signal with its thresholds, gravest first: the first that is crossed counts. */
export interface BandRule {
  readonly signal: SignalName;
  readonly comparison: Comparison;
  readonly bands: readonly Band[];
}

const holds = (value: number, comparison: Comparison, threshold: number): boolean => {
  if (comparison === '>') return value > threshold;
  if (comparison === '>=') return value >= threshold;
  if (comparison === '<') return value < threshold;
  return value <= threshold;
};

const mitigationOf = (band: Band, seed: boolean): Mitigation =>
  band.applies === 'always' || seed ? band.mitigation : 'none';

const inForce = (band: Band, seed: boolean): boolean => band.applies !== 'seed_only' || seed;

/** Judges one reading against its bands. An unknown reading counts as the gravest band it could have crossed. */
export function judgeBands(rule: BandRule, reading: Reading, context: RiskContext): RawFinding {
  if (reading.kind === 'absent') return neutral(rule.signal, reading.seen);
  if (reading.kind === 'unknown') return unknownSignal(rule.signal, reading, worstOf(rule, context.seed));
  return judgeValue(rule, reading.value, context);
}

function judgeValue(rule: BandRule, value: number, { seed, config }: RiskContext): RawFinding {
  const { signal, comparison, bands } = rule;
  const index = bands.findIndex((band) => inForce(band, seed) && holds(value, comparison, band.threshold(config)));
  const band = bands[index];
  if (band === undefined) {
    const nearest = bands.findLast((candidate) => inForce(candidate, seed));
    return passing(signal, value, nearest?.threshold(config), comparison);
  }
  const mitigation = mitigationOf(band, seed);
  const below = bands.slice(index + 1).find((candidate) => inForce(candidate, seed));
  return {
    signal,
    value,
    threshold: band.threshold(config),
    comparison,
    verdict: mitigation === 'none' ? 'warn' : 'fail',
    mitigation,
    otherwise: below === undefined ? 'none' : mitigationOf(below, seed),
    reason: band.reason,
    level: band.level,
    attributes: band.attributes(value),
    entersMode: band.entersMode,
    event: band.event,
  };
}

/** What the gravest value of the signal would lead to. */
export function worstOf(
  rule: BandRule,
  seed: boolean,
): { readonly mitigation: Mitigation; readonly entersMode: boolean } {
  let mitigation: Mitigation = 'none';
  let entersMode = false;
  for (const band of rule.bands) {
    if (!inForce(band, seed)) continue;
    mitigation = graver(mitigation, mitigationOf(band, seed));
    entersMode = entersMode || band.entersMode;
  }
  return { mitigation, entersMode };
}
