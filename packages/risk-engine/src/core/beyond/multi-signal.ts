import { RISK_DIMENSIONS, type RiskConfig, type RiskDimension, type RiskDimensionName } from '../config.js';
import type { Mitigation } from '../severity.js';
import type { Reading } from '../signals/reading.js';
import type { SignalName } from '../signals/signal-table.js';
import { type AdaptiveState, ratioInForce } from './adaptive.js';

/** How bad things are together, mildest first (G-03). */
export const RISK_LEVELS = ['GREEN', 'YELLOW', 'ORANGE', 'RED', 'CRITICAL'] as const;
export type RiskLevel = (typeof RISK_LEVELS)[number];

/** Above it a dimension is hot; several hot ones are critical together (G-08). */
const HOT_ABOVE = 0.8;

/** The signal each dimension is read from. */
const DIMENSION_SIGNALS = {
  gradient: 'gradient_norm',
  performance: 'loss_volatility',
  resource: 'memory_ratio',
  latency: 'step_latency_ms',
  lifecycle: 'seed_risk',
} as const satisfies Record<RiskDimensionName, SignalName>;

/** What each level asks for: mitigate, fall back, block, raise the alarm. */
export const LEVEL_MITIGATION = {
  GREEN: 'none',
  YELLOW: 'downgrade',
  ORANGE: 'downgrade',
  RED: 'pause',
  CRITICAL: 'emergency',
} as const satisfies Record<RiskLevel, Mitigation>;

/** The five dimensions and what they make together (G-01, G-02). */
export interface RiskVector {
  /** 0 to 1 per dimension; `null` where nothing is known and nothing was expected. Unreadable is 1. */
  readonly scores: Readonly<Record<RiskDimensionName, number | null>>;
  /** Weighted over the known dimensions, 0 to 1; 0 when none is known. */
  readonly combined: number;
  readonly level: RiskLevel;
}

/** 0 up to `base`, 1 from `emergency`, linear between (G-01). */
function interpolate(value: number, dimension: RiskDimension, ratio: number): number {
  const base = Math.min(dimension.base * ratio, dimension.emergency);
  if (value <= base) return 0;
  if (value >= dimension.emergency) return 1;
  return (value - base) / (dimension.emergency - base);
}

function scoreOf(reading: Reading, dimension: RiskDimension, ratio: number): number | null {
  if (reading.kind === 'absent') return null;
  return reading.kind === 'unknown' ? 1 : interpolate(reading.value, dimension, ratio);
}

function levelOf(combined: number, hot: number, { levels, hotDimensionsMax }: RiskConfig['multiSignal']): RiskLevel {
  if (combined >= levels.critical || hot >= hotDimensionsMax) return 'CRITICAL';
  if (combined >= levels.red) return 'RED';
  if (combined >= levels.orange) return 'ORANGE';
  return combined >= levels.yellow ? 'YELLOW' : 'GREEN';
}

/** The risk vector of the readings. */
export function riskVector(
  readings: Readonly<Record<SignalName, Reading>>,
  config: RiskConfig,
  adaptive: AdaptiveState,
): RiskVector {
  const ratio = ratioInForce(adaptive, config.adaptive);
  const scores = {} as Record<RiskDimensionName, number | null>;
  let weighted = 0;
  let weight = 0;
  let hot = 0;
  for (const name of RISK_DIMENSIONS) {
    const dimension = config.multiSignal.dimensions[name];
    const score = scoreOf(readings[DIMENSION_SIGNALS[name]], dimension, ratio);
    scores[name] = score;
    if (score === null) continue;
    weighted += score * dimension.weight;
    weight += dimension.weight;
    if (score > HOT_ABOVE) hot += 1;
  }
  const combined = weight === 0 ? 0 : weighted / weight;
  return { scores, combined, level: levelOf(combined, hot, config.multiSignal) };
}
