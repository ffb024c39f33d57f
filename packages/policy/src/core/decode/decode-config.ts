import { BLEND_MODES, type BlendMode, SCHEDULE_SHAPES } from '@esper/leyline';
import { DEFAULT_DIMS, type NetworkDims } from '../network/dims.js';
import { ACTIONS } from './actions.js';

/** Most entries of an `alpha_vec`; the executing side takes no more. */
export const ALPHA_VEC_LIMIT = 64;

export interface BlendConfig {
  /** Off by default (BL-03): then no blend key appears, unless the operator asks for CONFIDENCE. */
  readonly enabled: boolean;
  /** The operator's mode. Without it the policy chooses among the modes that can be served. */
  readonly mode?: BlendMode;
  /** Steepness of the confidence gate, ≥ 0. */
  readonly gateK: number;
  /** Margin between the two best logits at which the gate is half open, ≥ 0. */
  readonly gateTau: number;
  /** What a closed and an open gate multiply alpha with, 0 ≤ lo ≤ hi ≤ 1. */
  readonly alphaLo: number;
  readonly alphaHi: number;
  /** Most channels a CHANNEL vector is made for, 1..64. */
  readonly alphaVecMax: number;
}

export interface DecodeConfig {
  /** For example `tamiyo_gnn_v1`: architecture, and the `policy_version` annotation. */
  readonly policyVersion: string;
  /** SHA-256 of the bundle's manifest, hex. */
  readonly bundleDigest: string;
  /** The optimizer an OPTIMIZER command names. */
  readonly optimizerId: string;
  /** `lr_delta` is the network's parameter delta, in (−1, 1), times this; above 0, at most 1. */
  readonly lrDeltaScale: number;
  /** Head widths are asserted against these. */
  readonly dims: NetworkDims;
  readonly blend: BlendConfig;
}

/**
 * The gate defaults are those the executing side uses when nothing is sent (k 4.0, tau 0.2); both are always sent, so the
 * two sides cannot disagree (BL-06).
 */
export const DEFAULT_BLEND_CONFIG: BlendConfig = Object.freeze({
  enabled: false,
  gateK: 4,
  gateTau: 0.2,
  alphaLo: 0,
  alphaHi: 1,
  alphaVecMax: ALPHA_VEC_LIMIT,
});

interface GivenDecodeConfig extends Partial<Omit<DecodeConfig, 'blend' | 'bundleDigest'>> {
  readonly bundleDigest: string;
  readonly blend?: Partial<BlendConfig>;
}

/** Fills the defaults, checks every field by name and freezes. Throws `RangeError` with name, value and range. */
export function resolveDecodeConfig(given: GivenDecodeConfig): DecodeConfig {
  const config: DecodeConfig = {
    policyVersion: 'tamiyo_gnn_v1',
    optimizerId: 'sgd',
    lrDeltaScale: 1,
    dims: DEFAULT_DIMS,
    ...given,
    blend: Object.freeze({ ...DEFAULT_BLEND_CONFIG, ...given.blend }),
  };
  requireText('policyVersion', config.policyVersion);
  requireText('bundleDigest', config.bundleDigest);
  requireText('optimizerId', config.optimizerId);
  requireNumber('lrDeltaScale', config.lrDeltaScale, [Number.MIN_VALUE, 1]);
  checkDims(config.dims);
  checkBlend(config.blend);
  return Object.freeze(config);
}

function checkDims(dims: NetworkDims): void {
  requireWhole('dims.policyClassCount', dims.policyClassCount, [ACTIONS.length, 1024]);
  requireWhole('dims.blendingClassCount', dims.blendingClassCount, [SCHEDULE_SHAPES.length, SCHEDULE_SHAPES.length]);
  requireWhole('dims.riskClassCount', dims.riskClassCount, [2, 1024]);
  requireWhole('dims.scheduleOutputWidth', dims.scheduleOutputWidth, [2, 2]);
  requireWhole('dims.paramVectorWidth', dims.paramVectorWidth, [1, 1024]);
}

function checkBlend(blend: BlendConfig): void {
  if (typeof blend.enabled !== 'boolean')
    throw new RangeError(`blend.enabled is ${blend.enabled}; true or false is needed`);
  if (blend.mode !== undefined && !BLEND_MODES.includes(blend.mode)) {
    throw new RangeError(`blend.mode is ${String(blend.mode)}; one of ${BLEND_MODES.join(', ')} is needed`);
  }
  requireNumber('blend.gateK', blend.gateK, [0, 1e6]);
  requireNumber('blend.gateTau', blend.gateTau, [0, 1e6]);
  requireNumber('blend.alphaLo', blend.alphaLo, [0, 1]);
  requireNumber('blend.alphaHi', blend.alphaHi, [blend.alphaLo, 1]);
  requireWhole('blend.alphaVecMax', blend.alphaVecMax, [1, ALPHA_VEC_LIMIT]);
}

function requireText(name: string, value: string): void {
  if (typeof value !== 'string' || value.trim() === '') throw new RangeError(`${name} is blank; a text is needed`);
}

function requireNumber(name: string, value: number, [min, max]: readonly [number, number]): void {
  if (!(value >= min && value <= max))
    throw new RangeError(`${name} is ${value}; a number from ${min} to ${max} is needed`);
}

function requireWhole(name: string, value: number, range: readonly [number, number]): void {
  requireNumber(name, value, range);
  if (!Number.isInteger(value)) throw new RangeError(`${name} is ${value}; a whole number is needed`);
}
