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
export { compileGraph } from './core/network/compiled/compile-graph.js';
export { COMPILED_CONTRACT, compiledInputs, compiledOutputs } from './core/network/compiled/compiled-contract.js';
export type { WeightFormat } from './core/network/compiled/weight-format.js';
export { DEFAULT_DIMS, type NetworkDims, PROTOTYPE_DIMS } from './core/network/dims.js';
export type { PlainTensor, TensorMap } from './core/network/feeds.js';
export { DEFAULT_GRAPH_LIMITS, type GraphLimits } from './core/network/graph-limits.js';
export { type InitOptions, initWeights } from './core/network/init-weights.js';
export type { OnnxElementType, OnnxPort } from './core/network/onnx/onnx-graph.js';
export type { NetworkOutputs } from './core/network/outputs.js';
export { type OutputsExpected, type OutputsRefusal, splitOutputs } from './core/network/split-outputs.js';
export type { TensorSet, WeightTensor } from './core/network/tensor-set.js';
export { weightShapes } from './core/network/weight-names.js';
export { bindWeights, type PolicyWeights, type WeightsRefusal } from './core/network/weights.js';
export { POLICY_ERRORS, PolicyError, type PolicyErrorCode } from './errors.js';
export type { InferenceFailure, InferenceHost, InferenceReply } from './ports.js';
export { type CompileOptions, compileWeights } from './wire/compile-weights.js';
export {
  readSafetensors,
  SAFETENSORS_LIMITS,
  type SafetensorsLimits,
  type SafetensorsReadOptions,
  type SafetensorsRefusal,
} from './wire/safetensors-read.js';
export { writeSafetensors } from './wire/safetensors-write.js';
