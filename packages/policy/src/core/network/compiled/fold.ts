import { type NodeType, RELATIONS } from '../../graph/schema.js';
import { INCOMING_RELATIONS } from '../relation-index.js';
import { gatInputWidth, gatPrefix, sagePrefix } from '../weight-names.js';
import type { PolicyWeights } from '../weights.js';

/** A matrix that stands on the right of a product, [in, out] row major, and what is added afterwards. */
export interface FoldedLinear {
  readonly inputs: number;
  readonly outputs: number;
  readonly matrix: Float32Array;
  readonly bias: Float32Array;
}

/** The vectors that give attention logits without the large projections: logit = a·(W x) = (aᵀW)·x. */
export interface FoldedAttention {
  /** [21·heads, inputs]: one row per relation and head. */
  readonly source: Float32Array;
  /** [inputs, 21·heads]: one column per relation and head. */
  readonly target: Float32Array;
  /** [21, heads, edge width + 1]: the last column passes the mask channel through. */
  readonly edge: Float32Array;
}

type Relation = (typeof RELATIONS)[number];

const relationsInto = (type: NodeType): readonly Relation[] =>
  INCOMING_RELATIONS[type].map((r) => RELATIONS[r] as Relation);

/** Copies `source` [out, in] transposed and scaled into `into` at row `at`, adding to what is there. */
function addTransposed(
  into: FoldedLinear,
  at: number,
  block: { readonly source: Float32Array; readonly inputs: number; readonly scale: number },
): void {
  const { source, inputs, scale } = block;
  for (let o = 0; o < into.outputs; o += 1) {
    for (let i = 0; i < inputs; i += 1) {
      const index = (at + i) * into.outputs + o;
      into.matrix[index] = (into.matrix[index] as number) + scale * (source[o * inputs + i] as number);
    }
  }
}

function averageInto(into: Float32Array, sources: readonly Float32Array[]): void {
  for (let c = 0; c < into.length; c += 1) {
    into[c] = sources.reduce((sum, source) => sum + (source[c] as number), 0) / sources.length;
  }
}

/** Sums square matrices in double precision: one self weight instead of one per relation. */
function sum(matrices: readonly Float32Array[]): Float32Array {
  const out = new Float64Array(matrices[0]?.length ?? 0);
  for (const matrix of matrices) for (const [i, value] of matrix.entries()) out[i] = (out[i] as number) + value;
  return Float32Array.from(out);
}

/**
 * All relations into one node type in one GraphSAGE layer as one product: the means of each relation side by side, then
 * the node itself, times the stacked matrices divided by the number of relations.
 */
export function foldSage(weights: PolicyWeights, layer: number, type: NodeType): FoldedLinear {
  const relations = relationsInto(type);
  const width = weights.dims.sageHiddenWidth;
  const inputs = (relations.length + 1) * width;
  const folded = { inputs, outputs: width, matrix: new Float32Array(inputs * width), bias: new Float32Array(width) };
  const values = (relation: Relation, name: string): Float32Array =>
    weights.values(`${sagePrefix(layer, relation)}.${name}`);
  const scale = 1 / relations.length;
  for (const [k, relation] of relations.entries()) {
    addTransposed(folded, k * width, { source: values(relation, 'lin_l.weight'), inputs: width, scale });
  }
  const self = sum(relations.map((relation) => values(relation, 'lin_r.weight')));
  addTransposed(folded, relations.length * width, { source: self, inputs: width, scale });
  averageInto(
    folded.bias,
    relations.map((relation) => values(relation, 'lin_l.bias')),
  );
  return folded;
}

/** All relations and heads into one node type in one GAT layer as one product over the attention-weighted inputs. */
export function foldGat(weights: PolicyWeights, layer: number, type: NodeType): FoldedLinear {
  const { attentionHeadCount: heads, gatHiddenWidth: width } = weights.dims;
  const relations = relationsInto(type);
  const inputWidth = gatInputWidth(weights.dims, layer);
  const inputs = relations.length * heads * inputWidth;
  const folded = { inputs, outputs: width, matrix: new Float32Array(inputs * width), bias: new Float32Array(width) };
  const scale = 1 / (heads * relations.length);
  for (const [k, relation] of relations.entries()) {
    const projection = weights.values(`${gatPrefix(layer, relation)}.lin_src.weight`);
    for (let h = 0; h < heads; h += 1) {
      const source = projection.subarray(h * width * inputWidth, (h + 1) * width * inputWidth);
      addTransposed(folded, (k * heads + h) * inputWidth, { source, inputs: inputWidth, scale });
    }
  }
  averageInto(
    folded.bias,
    relations.map((relation) => weights.values(`${gatPrefix(layer, relation)}.bias`)),
  );
  return folded;
}

/** aᵀW per head, in double precision: [heads, inputs]. */
function attentionRows(attention: Float32Array, projection: Float32Array, heads: number): Float64Array {
  const width = attention.length / heads;
  const inputs = projection.length / attention.length;
  const rows = new Float64Array(heads * inputs);
  for (let o = 0; o < attention.length; o += 1) {
    const at = Math.floor(o / width) * inputs;
    for (let i = 0; i < inputs; i += 1) {
      rows[at + i] = (rows[at + i] as number) + (attention[o] as number) * (projection[o * inputs + i] as number);
    }
  }
  return rows;
}

/** The attention logits of one GAT layer, for all relations. */
export function foldAttention(weights: PolicyWeights, layer: number): FoldedAttention {
  const { attentionHeadCount: heads, edgeFeatureWidth } = weights.dims;
  const inputs = gatInputWidth(weights.dims, layer);
  const columns = RELATIONS.length * heads;
  const source = new Float32Array(columns * inputs);
  const target = new Float32Array(inputs * columns);
  const edge = new Float32Array(columns * (edgeFeatureWidth + 1)).fill(1);
  for (const [r, relation] of RELATIONS.entries()) {
    const prefix = gatPrefix(layer, relation);
    const rows = (side: string): Float64Array =>
      attentionRows(weights.values(`${prefix}.att_${side}`), weights.values(`${prefix}.lin_${side}.weight`), heads);
    source.set(rows('src'), r * heads * inputs);
    for (const [i, value] of rows('dst').entries()) {
      target[(i % inputs) * columns + r * heads + Math.floor(i / inputs)] = value;
    }
    for (const [i, value] of rows('edge').entries()) {
      const head = r * heads + Math.floor(i / edgeFeatureWidth);
      edge[head * (edgeFeatureWidth + 1) + (i % edgeFeatureWidth)] = value;
    }
  }
  return { source, target, edge };
}
