import type { TelemetryLevel } from '@esper/leyline';
import type { RiskConfig } from '../config.js';
import type { RiskContext } from '../context.js';
import type { RiskEventName } from '../events.js';
import { type Comparison, finding, passing, type RawFinding } from '../finding.js';
import { graver, type Mitigation } from '../severity.js';
import type { Reading } from '../signals/reading.js';
import type { SignalName } from '../signals/signal-table.js';
import { neutral, unknownSignal } from './unknown.js';

/** One threshold of a signal and what lies beyond it. */
export interface Band {
  readonly threshold: (config: RiskConfig) => number;
  /** `reason` and `event` differ in one place only (isolation), as the catalogue has it. */
  readonly reason: string;
  readonly event: RiskEventName;
  readonly level: TelemetryLevel;
  readonly mitigation: Mitigation;
  /** `seed_mitigates`: noticed always, acts on a SEED only. `seed_only`: looked at for a SEED only. */
  readonly applies: 'always' | 'seed_mitigates' | 'seed_only';
  readonly entersMode: boolean;
  readonly attributes: (value: number, context: RiskContext) => Readonly<Record<string, string>>;
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

function judgeValue(rule: BandRule, value: number, context: RiskContext): RawFinding {
  const { seed, config } = context;
  const { signal, comparison, bands } = rule;
  let nearest: number | undefined;
  for (let index = 0; index < bands.length; index += 1) {
    const band = bands[index] as Band;
    if (!inForce(band, seed)) continue;
    const threshold = band.threshold(config);
    if (holds(value, comparison, threshold)) return crossed(rule, { index, value, threshold }, context);
    nearest = threshold;
  }
  return passing(signal, value, nearest === undefined ? null : { threshold: nearest, comparison });
}

function crossed(
  { signal, comparison, bands }: BandRule,
  { index, value, threshold }: { readonly index: number; readonly value: number; readonly threshold: number },
  context: RiskContext,
): RawFinding {
  const { seed } = context;
  const band = bands[index] as Band;
  const mitigation = mitigationOf(band, seed);
  const below = bands.slice(index + 1).find((candidate) => inForce(candidate, seed));
  return finding({
    signal,
    value,
    threshold,
    comparison,
    verdict: mitigation === 'none' ? 'warn' : 'fail',
    mitigation,
    otherwise: below === undefined ? 'none' : mitigationOf(below, seed),
    reason: band.reason,
    level: band.level,
    attributes: band.attributes(value, context),
    entersMode: band.entersMode,
    event: band.event,
  });
}

/** What the gravest value of the signal would lead to. */
function worstOf(rule: BandRule, seed: boolean): { readonly mitigation: Mitigation; readonly entersMode: boolean } {
  let mitigation: Mitigation = 'none';
  let entersMode = false;
  for (const band of rule.bands) {
    if (!inForce(band, seed)) continue;
    mitigation = graver(mitigation, mitigationOf(band, seed));
    entersMode = entersMode || band.entersMode;
  }
  return { mitigation, entersMode };
}
