import { DEFAULT_BREAKER_LIMITS } from './core/breaker/limits.js';
import type { RiskConfig } from './core/config.js';
import { freezeDeep, RISK_PROFILES, type RiskProfileName } from './core/config-defaults.js';
import { EVALUATOR_MODES } from './core/evaluators/names.js';

/** Any part of a configuration; what is not given comes from the profile. */
export type DeepPartial<T> = T extends object ? { readonly [Key in keyof T]?: DeepPartial<T[Key]> } : T;

/** What a host may give: a profile to start from, and any fields that differ from it. */
export type RiskOptions = Omit<DeepPartial<RiskConfig>, 'profile'> & { readonly profile?: RiskProfileName };

type Range = readonly [min: number, max: number, kind?: 'whole'];

const RATIO: Range = [0, 1];
const AMOUNT: Range = [0, Number.MAX_VALUE];
const COUNT: Range = [0, 1_000_000_000, 'whole'];
const POSITIVE_COUNT: Range = [1, 1_000_000_000, 'whole'];

/** Ranges by path; `*` stands for any one name. Every number of the configuration has one. */
const RANGES: Readonly<Record<string, Range>> = {
  'signals.*.ageMsMax': AMOUNT,
  'policyRisk.criticalMin': RATIO,
  'policyRisk.elevatedMin': RATIO,
  'blueprint.quarantineMin': RATIO,
  'blueprint.elevatedMin': RATIO,
  'loss.spikeMax': AMOUNT,
  'loss.warningRatio': RATIO,
  'loss.volatilityRatio': AMOUNT,
  'latency.hookMsMax': AMOUNT,
  'latency.stepMsMax': AMOUNT,
  'latency.applyMsMax': AMOUNT,
  'latency.finalizeMsMax': AMOUNT,
  'isolation.violationsMax': AMOUNT,
  'device.gpuUtilPercentMin': AMOUNT,
  'device.gpuFreeGbMax': AMOUNT,
  'device.cpuUtilPercentMin': AMOUNT,
  'optimizer.gradVarianceMax': AMOUNT,
  'optimizer.gradConflictRateMax': AMOUNT,
  'optimizer.learningRateMax': AMOUNT,
  'coverage.warnMin': RATIO,
  'coverage.criticalMax': RATIO,
  'conservative.goodDecisionsMin': COUNT,
  'conservative.dwellMs': AMOUNT,
  'conservative.dwellDecisions': COUNT,
  'conservative.failedDecisionsMax': POSITIVE_COUNT,
  'breakers.*.failuresMax': POSITIVE_COUNT,
  'breakers.*.cooldownMs': AMOUNT,
  'breakers.*.probesMax': [1, 64, 'whole'],
  'breakers.*.successesMin': POSITIVE_COUNT,
  'breakers.*.probeTimeoutMs': AMOUNT,
  'breakers.*.slowCallMs': AMOUNT,
  'multiSignal.dimensions.*.base': AMOUNT,
  'multiSignal.dimensions.*.emergency': AMOUNT,
  'multiSignal.dimensions.*.weight': RATIO,
  'multiSignal.levels.*': RATIO,
  'multiSignal.hotDimensionsMax': [1, 5, 'whole'],
  'validation.lossVarianceMax': AMOUNT,
  'validation.memoryRatioMax': AMOUNT,
  'validation.gradientNormMax': AMOUNT,
  'adaptive.windowDecisions': POSITIVE_COUNT,
  'adaptive.agreeingWindowsMin': POSITIVE_COUNT,
  'adaptive.decay': RATIO,
  'adaptive.ratioMin': [0.01, 1],
  'adaptive.ratioMax': [1, 100],
  'adaptive.changeMin': AMOUNT,
  'adaptive.stableMin': RATIO,
  'adaptive.unstableMax': RATIO,
  'rollback.lossDeltaMax': AMOUNT,
  'rollback.recentDecisions': COUNT,
  'rollback.directivesMax': COUNT,
  'pauseQuota.pausesMax': [1, 64, 'whole'],
  'pauseQuota.windowMs': AMOUNT,
  'calibration.windowDecisions': POSITIVE_COUNT,
  'calibration.samplesMin': COUNT,
  'calibration.errorMax': RATIO,
};

const MODES: readonly string[] = EVALUATOR_MODES;
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  'evaluators.*': MODES,
  'signals.*.presence': ['required', 'optional'],
  'sheet.signature': ['optional', 'required'],
  'adaptive.mode': MODES,
  'pauseQuota.mode': MODES,
  'pauseQuota.escalation': ['page', 'emergency'],
  'rollback.tier': ['fast', 'full'],
};

/** The rule of a path: its own, or the one with `*` in place of one name. */
function ruleOf<T>(table: Readonly<Record<string, T>>, path: readonly string[]): T | undefined {
  const exact = table[path.join('.')];
  if (exact !== undefined) return exact;
  for (let at = 1; at < path.length; at += 1) {
    const found = table[path.map((part, index) => (index === at ? '*' : part)).join('.')];
    if (found !== undefined) return found;
  }
  return undefined;
}

function checkNumber(path: readonly string[], value: unknown): void {
  const name = path.join('.');
  const range = ruleOf(RANGES, path);
  if (range === undefined) throw new RangeError(`risk option ${name} is not known`);
  const [min, max, kind] = range;
  const fits =
    typeof value === 'number' && value >= min && value <= max && (kind !== 'whole' || Number.isInteger(value));
  if (!fits) {
    const what = kind === 'whole' ? 'a whole number' : 'a finite number';
    throw new RangeError(`risk option ${name} must be ${what} from ${min} to ${max}, got ${String(value)}`);
  }
}

function checkText(path: readonly string[], value: unknown): void {
  const name = path.join('.');
  if (typeof value !== 'string' || value === '')
    throw new RangeError(`risk option ${name} must be text, got ${String(value)}`);
  const choices = ruleOf(CHOICES, path);
  if (choices !== undefined && !choices.includes(value)) {
    throw new RangeError(`risk option ${name} must be one of ${choices.join(', ')}, got ${value}`);
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function mergeLeaf(path: readonly string[], base: unknown, given: unknown): unknown {
  if (typeof base === 'string') checkText(path, given);
  // `null` switches a limit off where the default itself is off.
  else if (!(base === null && given === null)) checkNumber(path, given);
  return given;
}

/** What a name that the profile does not have starts from: a new breaker from the default limits, anything else is refused. */
function baseOf(base: Readonly<Record<string, unknown>>, path: readonly string[], key: string): unknown {
  if (Object.hasOwn(base, key)) return base[key];
  if (path.length === 1 && path[0] === 'breakers') return DEFAULT_BREAKER_LIMITS;
  if (path.length === 0 && key === 'digest') return '';
  throw new RangeError(`risk option ${[...path, key].join('.')} is not known`);
}

function merge(path: readonly string[], base: unknown, given: unknown): unknown {
  if (given === undefined) return base;
  if (!isRecord(base)) return mergeLeaf(path, base, given);
  if (!isRecord(given))
    throw new RangeError(`risk option ${path.join('.')} must be a group of options, got ${String(given)}`);
  const merged: Record<string, unknown> = { ...base };
  for (const key of Object.keys(given)) {
    if (given[key] !== undefined) merged[key] = merge([...path, key], baseOf(base, path, key), given[key]);
  }
  return merged;
}

/** Relations between options that must hold. */
function checkRelations(config: RiskConfig): void {
  const relations: readonly (readonly [string, number, string, number])[] = [
    ['policyRisk.elevatedMin', config.policyRisk.elevatedMin, 'policyRisk.criticalMin', config.policyRisk.criticalMin],
    ['blueprint.elevatedMin', config.blueprint.elevatedMin, 'blueprint.quarantineMin', config.blueprint.quarantineMin],
    ['coverage.criticalMax', config.coverage.criticalMax, 'coverage.warnMin', config.coverage.warnMin],
    ['adaptive.unstableMax', config.adaptive.unstableMax, 'adaptive.stableMin', config.adaptive.stableMin],
    [
      'multiSignal.levels.yellow',
      config.multiSignal.levels.yellow,
      'multiSignal.levels.orange',
      config.multiSignal.levels.orange,
    ],
    [
      'multiSignal.levels.orange',
      config.multiSignal.levels.orange,
      'multiSignal.levels.red',
      config.multiSignal.levels.red,
    ],
    [
      'multiSignal.levels.red',
      config.multiSignal.levels.red,
      'multiSignal.levels.critical',
      config.multiSignal.levels.critical,
    ],
  ];
  for (const [low, lowValue, high, highValue] of relations) {
    if (lowValue > highValue)
      throw new RangeError(`risk option ${low} (${lowValue}) must not exceed ${high} (${highValue})`);
  }
}

/**
 * Resolves a configuration once: the profile (`default` unless named) with the given fields in place of its own, every
 * number checked against its range and every name against what is known. Frozen; the given object is not touched.
 * Throws `RangeError` naming the field, its range and the value.
 */
export function resolveRiskConfig(given: RiskOptions = {}): RiskConfig {
  const { profile = 'default', ...rest } = given;
  const base = Object.hasOwn(RISK_PROFILES, profile) ? RISK_PROFILES[profile] : undefined;
  if (base === undefined) {
    throw new RangeError(`risk option profile must be one of ${Object.keys(RISK_PROFILES).join(', ')}, got ${profile}`);
  }
  const config = merge([], base, rest) as RiskConfig;
  checkRelations(config);
  return freezeDeep(config);
}

/** The configuration as JSON with sorted keys and without its digest: what the digest is computed from. */
export function canonicalRiskConfig(config: RiskConfig): string {
  const { digest: _digest, ...rest } = config;
  return JSON.stringify(rest, (_key, value: unknown) =>
    isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
}
