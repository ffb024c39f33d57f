import type { EdgeTable } from '../../core/graph/hetero-graph.js';
import type { RELATIONS } from '../../core/graph/schema.js';
import { gatPrefix, sagePrefix } from '../../core/network/weight-names.js';
import type { PolicyWeights } from '../../core/network/weights.js';
import { addScaled, dot, linear, type RowMatrix, row, zeroRows } from './row-matrix.js';

const NEGATIVE_SLOPE = 0.2;
const SOFTMAX_EPSILON = 1e-16;

/** One relation of one convolution layer, ready to be computed. */
export interface ConvStep {
  readonly weights: PolicyWeights;
  readonly layer: number;
  readonly relation: (typeof RELATIONS)[number];
  readonly edges: EdgeTable;
  readonly source: RowMatrix;
  readonly target: RowMatrix;
}

/** GraphSAGE with mean aggregation: W_l · mean + b_l + W_r · x. Attributes are not used. */
export function sageConvolution({ weights, layer, relation, edges, source, target }: ConvStep): RowMatrix {
  const prefix = sagePrefix(layer, relation);
  const mean = zeroRows(target.count, weights.dims.sageHiddenWidth);
  const degree = new Float64Array(target.count);
  for (const to of edges.target) degree[to] = (degree[to] as number) + 1;
  for (const [e, from] of edges.source.entries()) {
    const to = edges.target[e] as number;
    addScaled(row(mean, to), row(source, from), 1 / (degree[to] as number));
  }
  const bias = weights.values(`${prefix}.lin_l.bias`);
  const out = linear(mean, weights.values(`${prefix}.lin_l.weight`), bias);
  addScaled(out.data, linear(target, weights.values(`${prefix}.lin_r.weight`)).data);
  return out;
}

/** Per row and head: attention vector · projected row. */
function attentionTerms(projected: RowMatrix, attention: Float32Array, heads: number): RowMatrix {
  const out = zeroRows(projected.count, heads);
  const width = attention.length / heads;
  for (let i = 0; i < projected.count; i += 1) {
    for (let h = 0; h < heads; h += 1) {
      const slice = row(projected, i).subarray(h * width, (h + 1) * width);
      out.data[i * heads + h] = dot(slice, attention.subarray(h * width, (h + 1) * width));
    }
  }
  return out;
}

function attributeRows(edges: EdgeTable, width: number): RowMatrix {
  const rows = zeroRows(edges.source.length, width);
  // A relation without attributes has no edge term; zeros through a linear map without bias are the same.
  if (edges.attributeWidth > 0) rows.data.set(edges.attributes);
  return rows;
}

/** Softmax of one head over the in-edges of each target, written over the logits. */
function softmaxByTarget(logits: Float64Array, targets: Int32Array, count: number): Float64Array {
  const top = new Float64Array(count).fill(-Infinity);
  const total = new Float64Array(count);
  for (const [e, to] of targets.entries()) top[to] = Math.max(top[to] as number, logits[e] as number);
  const exps = logits.map((logit, e) => Math.exp(logit - (top[targets[e] as number] as number)));
  for (const [e, to] of targets.entries()) total[to] = (total[to] as number) + (exps[e] as number);
  return exps.map((value, e) => value / ((total[targets[e] as number] as number) + SOFTMAX_EPSILON));
}

const leaky = (x: number): number => (x > 0 ? x : NEGATIVE_SLOPE * x);

/** GAT with edge features, separate source and target matrices, heads averaged, no self loops. */
export function gatConvolution({ weights, layer, relation, edges, source, target }: ConvStep): RowMatrix {
  const { attentionHeadCount: heads, gatHiddenWidth: width, edgeFeatureWidth } = weights.dims;
  const prefix = gatPrefix(layer, relation);
  const values = (name: string): Float32Array => weights.values(`${prefix}.${name}`);
  const messages = linear(source, values('lin_src.weight'));
  const fromSource = attentionTerms(messages, values('att_src'), heads);
  const fromTarget = attentionTerms(linear(target, values('lin_dst.weight')), values('att_dst'), heads);
  const projectedEdges = linear(attributeRows(edges, edgeFeatureWidth), values('lin_edge.weight'));
  const fromEdge = attentionTerms(projectedEdges, values('att_edge'), heads);
  const out = zeroRows(target.count, width);
  for (let h = 0; h < heads; h += 1) {
    const logits = Float64Array.from(edges.source, (from, e) => {
      const to = edges.target[e] as number;
      const terms = [fromSource.data[from * heads + h], fromTarget.data[to * heads + h], fromEdge.data[e * heads + h]];
      return leaky((terms as number[]).reduce((a, b) => a + b, 0));
    });
    const alpha = softmaxByTarget(logits, edges.target, target.count);
    for (const [e, from] of edges.source.entries()) {
      const message = row(messages, from).subarray(h * width, (h + 1) * width);
      addScaled(row(out, edges.target[e] as number), message, (alpha[e] as number) / heads);
    }
  }
  for (let i = 0; i < out.count; i += 1) addScaled(row(out, i), values('bias'));
  return out;
}
