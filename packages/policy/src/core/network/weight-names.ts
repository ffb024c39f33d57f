import { NODE_TYPES, type NodeType, RELATIONS } from '../graph/schema.js';
import type { NetworkDims } from './dims.js';

type Relation = (typeof RELATIONS)[number];

/** GraphSAGE layers, then GAT layers; two of each. */
export const CONV_LAYER_COUNT = 2;

/** Feature width of each node type. */
export function inputWidths(dims: NetworkDims): Readonly<Record<NodeType, number>> {
  return {
    global: dims.globalInputWidth,
    seed: dims.seedInputWidth,
    blueprint: dims.blueprintInputWidth,
    parameter: dims.parameterInputWidth,
    layer: dims.layerInputWidth,
    activation: dims.activationInputWidth,
  };
}

/** Hidden width of the two-stage heads (`policy_params`, `schedule`): half of the GAT width, at least 1. */
export const headHiddenWidth = (dims: NetworkDims): number => Math.max(1, Math.floor(dims.gatHiddenWidth / 2));

/** Input width of a GAT layer: the first reads what GraphSAGE wrote. */
export const gatInputWidth = (dims: NetworkDims, layer: number): number =>
  layer === 0 ? dims.sageHiddenWidth : dims.gatHiddenWidth;

const convKey = (relation: Relation): string => `<${relation.source}___${relation.name}___${relation.target}>`;

/** Name prefix of a node type's encoder: `.0` is the linear layer, `.2` the layer norm. */
export const encoderPrefix = (type: NodeType): string => `_node_encoders.${type}`;

/** Name prefix of one relation in one GraphSAGE layer. */
export const sagePrefix = (layer: number, relation: Relation): string =>
  `_sage_layers.${layer}.convs.${convKey(relation)}`;

/** Name prefix of one relation in one GAT layer. */
export const gatPrefix = (layer: number, relation: Relation): string =>
  `_gat_layers.${layer}.convs.${convKey(relation)}`;

type Shapes = Map<string, readonly number[]>;

function addLinear(shapes: Shapes, name: string, size: { readonly out: number; readonly in: number }): void {
  shapes.set(`${name}.weight`, [size.out, size.in]);
  shapes.set(`${name}.bias`, [size.out]);
}

function addEncoders(shapes: Shapes, dims: NetworkDims): void {
  const widths = inputWidths(dims);
  for (const type of NODE_TYPES) {
    addLinear(shapes, `${encoderPrefix(type)}.0`, { out: dims.sageHiddenWidth, in: widths[type] });
    shapes.set(`${encoderPrefix(type)}.2.weight`, [dims.sageHiddenWidth]);
    shapes.set(`${encoderPrefix(type)}.2.bias`, [dims.sageHiddenWidth]);
  }
}

function addSage(shapes: Shapes, dims: NetworkDims, layer: number): void {
  const width = dims.sageHiddenWidth;
  for (const relation of RELATIONS) {
    addLinear(shapes, `${sagePrefix(layer, relation)}.lin_l`, { out: width, in: width });
    shapes.set(`${sagePrefix(layer, relation)}.lin_r.weight`, [width, width]);
  }
}

function addGat(shapes: Shapes, dims: NetworkDims, layer: number): void {
  const { attentionHeadCount: heads, gatHiddenWidth: width } = dims;
  const inputs = gatInputWidth(dims, layer);
  for (const relation of RELATIONS) {
    const prefix = gatPrefix(layer, relation);
    for (const side of ['src', 'dst', 'edge']) shapes.set(`${prefix}.att_${side}`, [1, heads, width]);
    shapes.set(`${prefix}.bias`, [width]);
    shapes.set(`${prefix}.lin_src.weight`, [heads * width, inputs]);
    shapes.set(`${prefix}.lin_dst.weight`, [heads * width, inputs]);
    shapes.set(`${prefix}.lin_edge.weight`, [heads * width, dims.edgeFeatureWidth]);
  }
}

function addHeads(shapes: Shapes, dims: NetworkDims): void {
  const width = dims.gatHiddenWidth;
  const hidden = headHiddenWidth(dims);
  addLinear(shapes, '_policy_head', { out: dims.policyClassCount, in: width });
  addLinear(shapes, '_blending_head', { out: dims.blendingClassCount, in: width });
  addLinear(shapes, '_risk_head', { out: dims.riskClassCount, in: width });
  addLinear(shapes, '_value_head', { out: 1, in: width });
  addLinear(shapes, '_breaker_head', { out: 2, in: width });
  addLinear(shapes, '_param_head.0', { out: hidden, in: width });
  addLinear(shapes, '_param_head.2', { out: dims.paramVectorWidth, in: hidden });
  addLinear(shapes, '_schedule_head.0', { out: hidden, in: width });
  addLinear(shapes, '_schedule_head.2', { out: dims.scheduleOutputWidth, in: hidden });
  addLinear(shapes, '_seed_score_head', { out: 1, in: width });
  addLinear(shapes, '_blueprint_score_head', { out: 1, in: width });
}

/**
 * Name and shape of every tensor of the network, in name order: the state dict of the PyTorch/PyG module, unfolded.
 * `docs/formats/policy-weights-v1.md` lists the names.
 */
export function weightShapes(dims: NetworkDims): ReadonlyMap<string, readonly number[]> {
  const shapes: Shapes = new Map();
  addEncoders(shapes, dims);
  for (let layer = 0; layer < CONV_LAYER_COUNT; layer += 1) {
    addSage(shapes, dims, layer);
    addGat(shapes, dims, layer);
  }
  addHeads(shapes, dims);
  return new Map([...shapes].sort(([a], [b]) => (a < b ? -1 : 1)));
}
