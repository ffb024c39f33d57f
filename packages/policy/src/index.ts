export type { ActionChoice } from './core/decode/action-choice.js';
export { withSampledAction } from './core/decode/action-sampling.js';
export { ACTIONS, type Action } from './core/decode/actions.js';
export { BLEND_SOURCES, type BlendSource } from './core/decode/blend-mode.js';
export { BLEND_METRICS, blendTelemetry } from './core/decode/blend-telemetry.js';
export { BLEND_REASONS, type BlendReason, type BlendViolation, blendEvent } from './core/decode/blend-violation.js';
export { confidenceGate } from './core/decode/confidence-gate.js';
export { decode } from './core/decode/decode.js';
export {
  type BlendConfig,
  DEFAULT_BLEND_CONFIG,
  type DecodeConfig,
  resolveDecodeConfig,
} from './core/decode/decode-config.js';
export { type DependencyViolation, dependencyEvent } from './core/decode/dependency-violation.js';
export { fixedDecimal } from './core/decode/fixed-decimal.js';
export { type GuardContext, guard } from './core/decode/guard.js';
export type { HeadFault } from './core/decode/heads.js';
export { POLICY_EVENTS } from './core/decode/policy-events.js';
export type { Chosen, DecodeRefusal, Proposal } from './core/decode/proposal.js';
export { type RiskEstimate, riskEstimate } from './core/decode/risk-score.js';
export { validateBlend } from './core/decode/validate-blend.js';
export type { EdgeTable, HeteroGraph, NodeTable } from './core/graph/hetero-graph.js';
export {
  NODE_TYPES,
  type NodeType,
  RELATION_KEYS,
  RELATIONS,
  type RelationKey,
  relationKey,
} from './core/graph/schema.js';
export {
  type ActionPrior,
  type ActionPriorRefusal,
  checkActionPrior,
  DEFAULT_ACTION_PRIOR,
  PRIOR_ACTIONS,
  parseActionPrior,
} from './core/network/action-prior.js';
export { checkDims, type DimsRefusal, dimsOfTensors } from './core/network/check-dims.js';
export type { GraphContract, GraphRefusal } from './core/network/check-graph.js';
export { compileGraph, type RelationMemory } from './core/network/compiled/compile-graph.js';
export { COMPILED_CONTRACT, compiledInputs, compiledOutputs } from './core/network/compiled/compiled-contract.js';
export type { WeightFormat } from './core/network/compiled/weight-format.js';
export { DEFAULT_DIMS, type NetworkDims, PROTOTYPE_DIMS } from './core/network/dims.js';
export type { PlainTensor, TensorMap } from './core/network/feeds.js';
export { DEFAULT_GRAPH_LIMITS, type GraphLimits } from './core/network/graph-limits.js';
export { type InitOptions, initWeights } from './core/network/init-weights.js';
export type { OnnxElementType, OnnxPort } from './core/network/onnx/onnx-graph.js';
export { opByOpFeeds } from './core/network/op-by-op/op-by-op-feeds.js';
export type { UnreachableNodeType } from './core/network/op-by-op/op-by-op-network.js';
export type { NetworkOutputs } from './core/network/outputs.js';
export { type OutputsExpected, type OutputsRefusal, splitOutputs } from './core/network/split-outputs.js';
export type { TensorSet, WeightTensor } from './core/network/tensor-set.js';
export { weightShapes } from './core/network/weight-names.js';
export { bindWeights, type PolicyWeights, type WeightsRefusal } from './core/network/weights.js';
export type { BlueprintCandidate, ExcludedBlueprint } from './core/observe/blueprint-candidates.js';
export type { Coverage, Truncation } from './core/observe/coverage.js';
export type { Observation, ObserveInput, ObserveRefusal } from './core/observe/observation.js';
export { observe } from './core/observe/observe.js';
export {
  BLUEPRINTS_MAX,
  DEFAULT_OBSERVE_LIMITS,
  type ObserveLimits,
  resolveObserveLimits,
} from './core/observe/observe-limits.js';
export { type PreparedBlueprints, prepareBlueprints } from './core/observe/prepared-blueprints.js';
export type { SeedCandidate, SeedEligibility } from './core/observe/seed-candidates.js';
export {
  type NormalizerState,
  priorNormalizerState,
  STATISTIC_KEYS,
  STATISTICS,
  type Statistic,
  type StatisticKey,
} from './core/observe/statistics.js';
export { decodeNormalizerState, encodeNormalizerState, type NormalizerDamage } from './core/observe/statistics-file.js';
export type { NewName, Vocabularies, VocabularyName } from './core/observe/vocabulary.js';
export { POLICY_ERRORS, PolicyError, type PolicyErrorCode } from './errors.js';
export type { InferenceFailure, InferenceHost, InferenceReply } from './ports.js';
export { type RememberedBlueprints, rememberBlueprints } from './shell/observe/remembered-blueprints.js';
export { rememberRelations } from './shell/observe/remembered-relations.js';
export { compileOpByOp } from './wire/compile-op-by-op.js';
export { type CompileOptions, compileWeights } from './wire/compile-weights.js';
export {
  readSafetensors,
  SAFETENSORS_LIMITS,
  type SafetensorsLimits,
  type SafetensorsReadOptions,
  type SafetensorsRefusal,
} from './wire/safetensors-read.js';
export { writeSafetensors } from './wire/safetensors-write.js';
