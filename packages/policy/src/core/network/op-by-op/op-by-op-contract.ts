import { NODE_TYPES, RELATION_KEYS, type RelationKey } from '../../graph/schema.js';
import type { NetworkDims } from '../dims.js';
import type { OnnxPort } from '../onnx/onnx-graph.js';
import { inputWidths } from '../weight-names.js';

/** Name and version of the op-by-op form's inputs and outputs. */
export const OP_BY_OP_CONTRACT = 'tamiyo-op-by-op-1';

/** Inputs of the op-by-op form for a set of present relations: 6 feature tables, then two tensors per relation. */
export function opByOpInputs(dims: NetworkDims, present: ReadonlySet<RelationKey>): readonly OnnxPort[] {
  const widths = inputWidths(dims);
  return [
    ...NODE_TYPES.map((type): OnnxPort => ({ name: `x_${type}`, type: 'float32', dims: [`n_${type}`, widths[type]] })),
    ...RELATION_KEYS.filter((key) => present.has(key)).flatMap((key): OnnxPort[] => [
      { name: `edge_index_${key}`, type: 'int64', dims: [2, `e_${key}`] },
      { name: `edge_attr_${key}`, type: 'float32', dims: [`e_${key}`, dims.edgeFeatureWidth] },
    ]),
  ];
}

/** The outputs, with the names of the PyTorch module. A score is missing when its node type has vanished. */
export function opByOpOutputs(dims: NetworkDims): readonly OnnxPort[] {
  const row = (name: string, width: number): OnnxPort => ({ name, type: 'float32', dims: [1, width] });
  return [
    row('policy_logits', dims.policyClassCount),
    row('policy_params', dims.paramVectorWidth),
    row('blending_logits', dims.blendingClassCount),
    row('risk_logits', dims.riskClassCount),
    row('value', 1),
    row('schedule_params', dims.scheduleOutputWidth),
    row('graph_embedding', dims.gatHiddenWidth),
    { name: 'seed_scores', type: 'float32', dims: ['n_seed'] },
    { name: 'blueprint_scores', type: 'float32', dims: ['n_blueprint'] },
    row('breaker_logits', 2),
  ];
}
