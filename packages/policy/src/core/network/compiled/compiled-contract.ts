import { NODE_TYPES, type NodeType, RELATIONS } from '../../graph/schema.js';
import type { NetworkDims } from '../dims.js';
import { headsWidth } from '../head-layout.js';
import type { OnnxPort } from '../onnx/onnx-graph.js';
import { GAT0_TARGETS, GAT1_TARGETS, incomingCount } from '../relation-index.js';
import { inputWidths } from '../weight-names.js';

/** Name and version of the compiled form's inputs and outputs; a manifest carries it. */
export const COMPILED_CONTRACT = 'tamiyo-compiled-1';

/** What the mask channel holds where there is no edge: far below any logit, and finite after the leaky slope. */
export const NO_EDGE_MASK = -1e30;

/** A destination term is found at destination row · 21 + relation. */
export const DESTINATION_STRIDE = RELATIONS.length;

/** The eleven inputs, in order. Symbolic dimensions are explained in `docs/formats/policy-weights-v1.md`. */
export function compiledInputs(dims: NetworkDims): readonly OnnxPort[] {
  const widths = inputWidths(dims);
  const channels = dims.edgeFeatureWidth + 1;
  return [
    ...NODE_TYPES.map((type): OnnxPort => ({ name: `x_${type}`, type: 'float32', dims: [`n_${type}`, widths[type]] })),
    { name: 'sage_adj', type: 'float32', dims: ['s', 'm'] },
    { name: 'gat0_edge', type: 'float32', dims: ['q0', channels, 'm'] },
    { name: 'gat1_edge', type: 'float32', dims: ['q1', channels, 'm1'] },
    { name: 'bucket_rel', type: 'int64', dims: ['q0'] },
    { name: 'bucket_dst', type: 'int64', dims: ['q0'] },
  ];
}

/** The three outputs, in order. */
export function compiledOutputs(dims: NetworkDims): readonly OnnxPort[] {
  return [
    { name: 'heads', type: 'float32', dims: [1, headsWidth(dims)] },
    { name: 'seed_scores', type: 'float32', dims: ['n_seed', 1] },
    { name: 'blueprint_scores', type: 'float32', dims: ['n_blueprint', 1] },
  ];
}

const sumOfIncoming = (types: readonly NodeType[]): number => types.reduce((sum, type) => sum + incomingCount(type), 0);

/**
 * Sizes of the open dimensions for a graph with one node of each type: six nodes and the null node (m), one row per node and
 * incoming relation plus the root term (s), the buckets of the two attention layers (q0, q1), and the columns that are left
 * without the activation (m1).
 */
export const COMPILED_WARM_UP_DIMENSIONS: Readonly<Record<string, number>> = Object.freeze({
  ...Object.fromEntries(NODE_TYPES.map((type) => [`n_${type}`, 1])),
  m: NODE_TYPES.length + 1,
  m1: NODE_TYPES.length,
  s: sumOfIncoming(NODE_TYPES) + NODE_TYPES.length,
  q0: sumOfIncoming(GAT0_TARGETS),
  q1: sumOfIncoming(GAT1_TARGETS),
});
