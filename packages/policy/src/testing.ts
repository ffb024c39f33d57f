export {
  type Approximation,
  type ApproximationError,
  approximationError,
} from './testing/answers/approximation-error.js';
export { agreementOf, type ChoiceTally, choices, NO_CHOICES } from './testing/answers/choices.js';
export {
  builderLikeGraph,
  DEFAULT_CAPS_COUNTS,
  type NodeCounts,
  type RandomGraphOptions,
  type RandomSource,
  randomGraph,
  sampleEdges,
  sampleNodes,
  TYPICAL_COUNTS,
} from './testing/graphs/sample-graphs.js';
export { changedWeights, sampleWeights } from './testing/graphs/sample-weights.js';
export { seededGraphs } from './testing/graphs/seeded-graphs.js';
export type { LineOutcome } from './testing/prototype/line-outcome.js';
export { deviations, vectorRunners } from './testing/prototype/vector-runners.js';
export { referenceForward } from './testing/reference/forward.js';
export {
  compareOutputs,
  largestDifference,
  type NamedOutputs,
  namedOutputs,
  OUTPUT_TOLERANCE,
} from './testing/vectors/compare-outputs.js';
export type { GnnCase, RecordedConfig, RecordedTensor } from './testing/vectors/gnn-case.js';
export { dimsOfConfig, graphOfCase } from './testing/vectors/gnn-case.js';
export {
  GNN_DEVIATIONS,
  type GnnVectorRunner,
  gnnVectorRunners,
  type LoadedModel,
  type LoadModel,
  type VectorOutcome,
} from './testing/vectors/gnn-runner.js';
