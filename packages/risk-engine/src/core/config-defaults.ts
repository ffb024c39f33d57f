import { DEFAULT_BREAKER_LIMITS } from './breaker/limits.js';
import type { RiskConfig } from './config.js';
import { EVALUATOR_NAMES, type EvaluatorMode, type EvaluatorName } from './evaluators/names.js';
import { SIGNALS } from './signals/signal-table.js';

const allEnforced = Object.fromEntries(EVALUATOR_NAMES.map((name) => [name, 'enforce'])) as Record<
  EvaluatorName,
  EvaluatorMode
>;

/** The product's defaults: the catalogue's evaluators enforce, those beyond the prototype run in shadow or are off. */
export const DEFAULT_RISK_CONFIG: RiskConfig = freezeDeep({
  profile: 'default',
  evaluators: { ...allEnforced, multi_signal: 'shadow', validation: 'off', rollback: 'shadow' },
  signals: SIGNALS,
  policyRisk: { criticalMin: 0.98, elevatedMin: 0.85 },
  blueprint: { quarantineMin: 0.8, elevatedMin: 0.5 },
  sheet: { signature: 'optional' },
  loss: { spikeMax: 0.15, warningRatio: 0.5, volatilityRatio: 0.75 },
  latency: { hookMsMax: 50, stepMsMax: 120, applyMsMax: 30, finalizeMsMax: 30 },
  isolation: { violationsMax: 0 },
  device: { gpuUtilPercentMin: 95, gpuFreeGbMax: 0.2, cpuUtilPercentMin: 95 },
  optimizer: { gradVarianceMax: 1, gradConflictRateMax: 0.5, learningRateMax: 0 },
  coverage: { warnMin: 0.3, criticalMax: 0.1 },
  downgradeOptimizerId: 'sgd',
  conservative: { goodDecisionsMin: 20, dwellMs: 600_000, dwellDecisions: 0, failedDecisionsMax: 3 },
  breakers: { inference: DEFAULT_BREAKER_LIMITS, metadata: DEFAULT_BREAKER_LIMITS },
  multiSignal: {
    dimensions: {
      gradient: { base: 5, emergency: 20, weight: 0.3 },
      performance: { base: 0.1, emergency: 0.5, weight: 0.2 },
      resource: { base: 0.8, emergency: 0.95, weight: 0.2 },
      latency: { base: 100, emergency: 500, weight: 0.2 },
      lifecycle: { base: 0.5, emergency: 1, weight: 0.1 },
    },
    levels: { yellow: 0.3, orange: 0.5, red: 0.7, critical: 0.9 },
    hotDimensionsMax: 3,
  },
  validation: { lossVarianceMax: 0.3, memoryRatioMax: 0.85, gradientNormMax: 10 },
  adaptive: {
    mode: 'off',
    windowDecisions: 100,
    agreeingWindowsMin: 3,
    decay: 0.95,
    ratioMin: 0.5,
    ratioMax: 2,
    changeMin: 0.01,
    stableMin: 0.8,
    unstableMax: 0.6,
  },
  rollback: { lossDeltaMax: 0.3, recentDecisions: 20, directivesMax: 3, tier: 'fast' },
  pauseQuota: { mode: 'shadow', pausesMax: 10, windowMs: 3_600_000, escalation: 'page' },
  calibration: { windowDecisions: 1000, samplesMin: 100, errorMax: 0.1 },
});

/**
 * For harnesses and demonstrations, whose whole run takes less than one production dwell: conservative mode is counted
 * in decisions (5 good ones, 8 in all), and a rollback is enforced.
 */
export const HARNESS_RISK_CONFIG: RiskConfig = freezeDeep({
  ...DEFAULT_RISK_CONFIG,
  profile: 'harness',
  evaluators: { ...DEFAULT_RISK_CONFIG.evaluators, rollback: 'enforce' },
  conservative: { goodDecisionsMin: 5, dwellMs: 0, dwellDecisions: 8, failedDecisionsMax: 3 },
});

/** The profiles by name. */
export const RISK_PROFILES = Object.freeze({ default: DEFAULT_RISK_CONFIG, harness: HARNESS_RISK_CONFIG });
export type RiskProfileName = keyof typeof RISK_PROFILES;

/** Freezes a configuration and everything in it. */
export function freezeDeep<T>(value: T): T {
  // Numbers, texts and null count as frozen.
  if (Object.isFrozen(value)) return value;
  Object.freeze(value);
  Object.values(value as object).forEach(freezeDeep);
  return value;
}
