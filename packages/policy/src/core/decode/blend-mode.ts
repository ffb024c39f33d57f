import { BLEND_MODES, type BlendMode } from '@esper/leyline';
import { err, ok, type Result } from '@esper/std';
import type { NetworkOutputs } from '../network/outputs.js';
import { ACTIONS } from './actions.js';
import { argMax } from './arg-max.js';
import { type BlendViolation, blendViolation } from './blend-violation.js';
import type { BlendConfig } from './decode-config.js';

/** Whether the policy, the operator, or nobody in particular chose the mode (BL-04). */
export const BLEND_SOURCES = ['policy', 'override', 'heuristic'] as const;
export type BlendSource = (typeof BLEND_SOURCES)[number];

/** A mode with everything it needs to be executed. */
export interface BlendChoice {
  readonly mode: BlendMode;
  readonly source: BlendSource;
  /** CONFIDENCE: the policy's own logits, one per action with a meaning. */
  readonly confidenceLogits?: readonly number[];
  /** CHANNEL: one factor per output channel of the graft, 0..1. */
  readonly alphaVec?: readonly number[];
}

export interface BlendBasis {
  readonly outputs: NetworkOutputs;
  /** Output channels of the chosen blueprint's first layer, when the catalogue knows them. */
  readonly channels: number | undefined;
  readonly config: BlendConfig;
}

/**
 * The blend mode of a graft; `undefined` when none is to be named. Mode and schedule shape are two choices. The operator's
 * mode is served or refused; the policy chooses among the modes that can be served, by components 1 to 3 of its parameter
 * head (RESIDUAL, CHANNEL, CONFIDENCE, against 0 for CONVEX).
 */
export function chooseBlend(basis: BlendBasis): Result<BlendChoice | undefined, BlendViolation> {
  const { enabled, mode } = basis.config;
  if (mode !== undefined && (enabled || mode === 'CONFIDENCE')) return serve(mode, 'override', basis);
  if (!enabled) return ok(undefined);
  const { policyParams } = basis.outputs;
  if (policyParams.length < BLEND_MODES.length) return serve('CONVEX', 'heuristic', basis);
  const scores = BLEND_MODES.map((_, index) => (index === 0 ? 0 : (policyParams[index] as number)));
  const best = argMax(scores, (index) => serve(BLEND_MODES[index] as BlendMode, 'policy', basis).ok);
  return serve(BLEND_MODES[best?.index ?? 0] as BlendMode, 'policy', basis);
}

/** The mode with its payload, or why it cannot be served. It is never replaced by another (BL-02). */
function serve(mode: BlendMode, source: BlendSource, basis: BlendBasis): Result<BlendChoice, BlendViolation> {
  if (mode === 'CONFIDENCE') {
    const logits = Array.from(basis.outputs.policyLogits.subarray(0, ACTIONS.length));
    return ok({ mode, source, confidenceLogits: logits });
  }
  if (mode !== 'CHANNEL') return ok({ mode, source });
  const vector = alphaVector(basis);
  return vector.ok ? ok({ mode, source, alphaVec: vector.value }) : vector;
}

/**
 * One factor per channel, which the executing side multiplies alpha with: twice the logistic of the graph embedding's
 * component of that channel, at most 1. All zeros would be a graft without effect, and is not offered.
 */
function alphaVector({ outputs, channels, config }: BlendBasis): Result<readonly number[], BlendViolation> {
  if (channels === undefined || !Number.isInteger(channels) || channels < 1) {
    return err(blendViolation('channel blend missing alpha_vec', { channels: channels ?? 'unknown' }));
  }
  const limit = Math.min(config.alphaVecMax, outputs.graphEmbedding.length);
  if (channels > limit)
    return err(blendViolation('channel blend alpha_vec exceeds limit', { length: channels, limit }));
  const vector = Array.from(outputs.graphEmbedding.subarray(0, channels), (component) =>
    round4(Math.min(1, 2 / (1 + Math.exp(-component)))),
  );
  return vector.some((value) => value > 0)
    ? ok(vector)
    : err(blendViolation('channel blend missing alpha_vec', { channels }));
}

const round4 = (value: number): number => Math.round(value * 1e4) / 1e4;
