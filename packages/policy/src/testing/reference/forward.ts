import { err, ok, type Result } from '@esper/std';
import type { HeteroGraph } from '../../core/graph/hetero-graph.js';
import { NODE_TYPES, type NodeType, RELATIONS, relationKey } from '../../core/graph/schema.js';
import type { UnreachableNodeType } from '../../core/network/op-by-op/op-by-op-network.js';
import type { NetworkOutputs } from '../../core/network/outputs.js';
import { CONV_LAYER_COUNT, encoderPrefix } from '../../core/network/weight-names.js';
import type { PolicyWeights } from '../../core/network/weights.js';
import { type ConvStep, gatConvolution, sageConvolution } from './convolutions.js';
import { addScaled, gelu, linear, mapRows, type RowMatrix, row, rowsOf, zeroRows } from './row-matrix.js';

const LAYER_NORM_EPSILON = 1e-5;

/** Embeddings by node type. A type that no relation points at has none after the first layer. */
type State = ReadonlyMap<NodeType, RowMatrix>;

function layerNorm(x: RowMatrix, gain: Float32Array, bias: Float32Array): RowMatrix {
  const out = zeroRows(x.count, x.width);
  for (let i = 0; i < x.count; i += 1) {
    const from = row(x, i);
    const mean = from.reduce((sum, value) => sum + value, 0) / x.width;
    const variance = from.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.width;
    const scale = 1 / Math.sqrt(variance + LAYER_NORM_EPSILON);
    for (let c = 0; c < x.width; c += 1) {
      out.data[i * x.width + c] = ((from[c] as number) - mean) * scale * (gain[c] as number) + (bias[c] as number);
    }
  }
  return out;
}

function encode(graph: HeteroGraph, weights: PolicyWeights): State {
  return new Map(
    NODE_TYPES.map((type) => {
      const prefix = encoderPrefix(type);
      const x = rowsOf(graph.nodes[type].ids.length, graph.nodes[type].features);
      const hidden = linear(x, weights.values(`${prefix}.0.weight`), weights.values(`${prefix}.0.bias`));
      const normed = layerNorm(
        mapRows(hidden, gelu),
        weights.values(`${prefix}.2.weight`),
        weights.values(`${prefix}.2.bias`),
      );
      return [type, normed];
    }),
  );
}

/** GELU, then the residual where shapes agree. */
function activate(merged: RowMatrix, before: RowMatrix | undefined): RowMatrix {
  const out = mapRows(merged, gelu);
  if (before?.width === out.width && before.count === out.count) addScaled(out.data, before.data);
  return out;
}

interface Layer {
  readonly graph: HeteroGraph;
  readonly weights: PolicyWeights;
  readonly layer: number;
  readonly convolve: (step: ConvStep) => RowMatrix;
}

/** One convolution: every present relation, averaged per target type over the relations that are present. */
function applyLayer(state: State, { graph, weights, layer, convolve }: Layer): Result<State, UnreachableNodeType> {
  const arriving = new Map<NodeType, RowMatrix[]>();
  for (const relation of RELATIONS) {
    const edges = graph.edges[relationKey(relation)];
    if (edges === undefined) continue;
    const source = state.get(relation.source);
    const target = state.get(relation.target);
    if (source === undefined) return err({ code: 'node_type_unreachable', nodeType: relation.source });
    if (target === undefined) return err({ code: 'node_type_unreachable', nodeType: relation.target });
    const rows = convolve({ weights, layer, relation, edges, source, target });
    arriving.set(relation.target, [...(arriving.get(relation.target) ?? []), rows]);
  }
  const next = new Map<NodeType, RowMatrix>();
  for (const [type, parts] of arriving) {
    const mean = zeroRows(parts[0]?.count ?? 0, parts[0]?.width ?? 0);
    for (const part of parts) addScaled(mean.data, part.data, 1 / parts.length);
    next.set(type, activate(mean, state.get(type)));
  }
  return ok(next);
}

function readOut(state: State, weights: PolicyWeights): Result<NetworkOutputs, UnreachableNodeType> {
  const global = state.get('global');
  if (global === undefined || global.count === 0) return err({ code: 'node_type_unreachable', nodeType: 'global' });
  const embedding = zeroRows(1, global.width);
  for (let i = 0; i < global.count; i += 1) addScaled(embedding.data, row(global, i), 1 / global.count);
  const head = (name: string, x: RowMatrix = embedding): RowMatrix =>
    linear(x, weights.values(`${name}.weight`), weights.values(`${name}.bias`));
  const twoStage = (name: string): Float32Array =>
    Float32Array.from(mapRows(head(`${name}.2`, mapRows(head(`${name}.0`), gelu)), Math.tanh).data);
  const scores = (name: string, type: NodeType): Float32Array =>
    Float32Array.from(head(name, state.get(type) ?? zeroRows(0, global.width)).data);
  return ok({
    policyLogits: Float32Array.from(head('_policy_head').data),
    blendingLogits: Float32Array.from(head('_blending_head').data),
    riskLogits: Float32Array.from(head('_risk_head').data),
    value: Math.fround(head('_value_head').data[0] as number),
    breakerLogits: Float32Array.from(head('_breaker_head').data),
    policyParams: twoStage('_param_head'),
    schedule: twoStage('_schedule_head'),
    graphEmbedding: Float32Array.from(embedding.data),
    seedScores: scores('_seed_score_head', 'seed'),
    blueprintScores: scores('_blueprint_score_head', 'blueprint'),
  });
}

/**
 * The network written edge by edge in double precision, unfolded and slow: the opinion that both ONNX forms are compared
 * with. Accepts missing relations, duplicate edges, any number of global rows and non-finite input. A node type that lost
 * all its incoming relations has no scores (an empty array); one that a later layer needs is refused, as in PyG.
 */
export function referenceForward(
  graph: HeteroGraph,
  weights: PolicyWeights,
): Result<NetworkOutputs, UnreachableNodeType> {
  let state = encode(graph, weights);
  for (const convolve of [sageConvolution, gatConvolution]) {
    for (let layer = 0; layer < CONV_LAYER_COUNT; layer += 1) {
      const next = applyLayer(state, { graph, weights, layer, convolve });
      if (!next.ok) return next;
      state = next.value;
    }
  }
  return readOut(state, weights);
}
