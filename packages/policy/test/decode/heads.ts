import { DEFAULT_DIMS, type NetworkOutputs, type Observation } from '../../src/index.js';

/** Outputs that belong to an observation: all zero but for what is given. */
export function outputsFor(observation: Observation, given: Partial<NetworkOutputs> = {}): NetworkOutputs {
  return {
    policyLogits: new Float32Array(DEFAULT_DIMS.policyClassCount),
    blendingLogits: new Float32Array(DEFAULT_DIMS.blendingClassCount),
    riskLogits: new Float32Array(DEFAULT_DIMS.riskClassCount),
    value: 0,
    breakerLogits: new Float32Array(2),
    policyParams: new Float32Array(DEFAULT_DIMS.paramVectorWidth),
    schedule: new Float32Array(2),
    graphEmbedding: new Float32Array(DEFAULT_DIMS.gatHiddenWidth),
    seedScores: new Float32Array(observation.seeds.length),
    blueprintScores: new Float32Array(observation.blueprints.length),
    ...given,
  };
}

/** Policy logits with one class on top. */
export function favouring(index: number, margin = 3): Float32Array {
  const logits = new Float32Array(DEFAULT_DIMS.policyClassCount);
  logits[index] = margin;
  return logits;
}
