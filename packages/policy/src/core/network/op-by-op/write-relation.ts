import { type RELATIONS, relationKey } from '../../graph/schema.js';
import { type GraphWriter, int } from '../onnx/graph-writer.js';
import type { OnnxConstant } from '../onnx/onnx-graph.js';
import { gatPrefix, sagePrefix } from '../weight-names.js';
import type { PolicyWeights } from '../weights.js';

const NEGATIVE_SLOPE = 0.2;
const SOFTMAX_EPSILON = 1e-16;
/** Below every logit, and finite, so that a difference of two of them is no NaN. */
const LOWEST = -3.4e38;

/** One relation in one layer, with the embeddings it reads. */
export interface RelationStep {
  readonly writer: GraphWriter;
  readonly weights: PolicyWeights;
  readonly layer: number;
  readonly relation: (typeof RELATIONS)[number];
  readonly source: string;
  readonly target: string;
}

const scalar = (writer: GraphWriter, name: string, value: number): string =>
  writer.shared({ name, type: 'float32', dims: [1], data: Float32Array.of(value) });

const tensor = ({ writer, weights }: RelationStep, name: string): string => {
  const { shape, data } = weights.set.tensors.get(name) ?? { shape: [], data: weights.values(name) };
  const constant: OnnxConstant = { name, type: 'float32', dims: shape, data };
  return writer.shared(constant);
};

/** Row numbers at one end of the edges: [E]. */
function ends({ writer, relation }: RelationStep, side: 0 | 1): string {
  const which = writer.shared({ name: `end_${side}`, type: 'int64', dims: [], data: [side] });
  return writer.op('Gather', [`edge_index_${relationKey(relation)}`, which], { attributes: { axis: int(0) } });
}

const rowCount = (writer: GraphWriter, x: string): string =>
  writer.op('Shape', [x], { attributes: { start: int(0), end: int(1) } });

/** x · Wᵀ, and + b when one is named, for a stored [out, in] matrix. */
function project(step: RelationStep, x: string, layer: { readonly weight: string; readonly bias?: string }): string {
  const constants = [layer.weight, ...(layer.bias === undefined ? [] : [layer.bias])].map((name) => tensor(step, name));
  return step.writer.op('Gemm', [x, ...constants], { attributes: { transB: int(1) } });
}

interface Scatter {
  readonly rows: string;
  /** Trailing sizes of the values. */
  readonly widths: readonly number[];
  readonly targets: string;
  readonly values: string;
  readonly reduction: 'add' | 'max';
}

/** Sums or maximises edge values per target row. */
function scatter(writer: GraphWriter, { rows, widths, targets, values, reduction }: Scatter): string {
  const shape = writer.op('Concat', [rows, writer.ints(widths)], { attributes: { axis: int(0) } });
  const start = scalar(writer, `start_${reduction}`, reduction === 'add' ? 0 : LOWEST);
  const initial = writer.op('Expand', [start, shape]);
  const column = writer.op('Reshape', [targets, writer.ints([-1, ...widths.map(() => 1)])]);
  const index = writer.op('Expand', [column, writer.op('Shape', [values])]);
  return writer.op('ScatterElements', [initial, index, values], {
    attributes: { axis: int(0), reduction: { kind: 'text', value: reduction } },
  });
}

/** GraphSAGE of one relation: [rows of the target, width]. */
export function writeSageRelation(step: RelationStep): string {
  const { writer, weights, layer, relation, source, target } = step;
  const prefix = sagePrefix(layer, relation);
  const targets = ends(step, 1);
  const rows = rowCount(writer, target);
  const messages = writer.op('Gather', [source, ends(step, 0)]);
  const widths = [weights.dims.sageHiddenWidth];
  const sum = scatter(writer, { rows, widths, targets, values: messages, reduction: 'add' });
  const ones = writer.op('Expand', [
    scalar(writer, 'one', 1),
    writer.op('Concat', [rowCount(writer, targets), writer.ints([1])], { attributes: { axis: int(0) } }),
  ]);
  const degree = scatter(writer, { rows, widths: [1], targets, values: ones, reduction: 'add' });
  const mean = writer.op('Div', [sum, writer.op('Max', [degree, scalar(writer, 'one', 1)])]);
  const lin = { weight: `${prefix}.lin_l.weight`, bias: `${prefix}.lin_l.bias` };
  return writer.op('Add', [project(step, mean, lin), project(step, target, { weight: `${prefix}.lin_r.weight` })]);
}

/** Projected rows as [rows, heads, width]. */
function projectHeads(step: RelationStep, x: string, weight: string): string {
  const { attentionHeadCount: heads, gatHiddenWidth: width } = step.weights.dims;
  return step.writer.op('Reshape', [project(step, x, { weight }), step.writer.ints([-1, heads, width])]);
}

/** Attention vector times projected rows: [rows, heads]. */
function attentionTerm(step: RelationStep, projected: string, name: string): string {
  const { writer } = step;
  const product = writer.op('Mul', [projected, tensor(step, name)]);
  // A positive axis: with a negative one the runtime gives an empty tensor the wrong rank.
  return writer.op('ReduceSum', [product, writer.ints([2])], { attributes: { keepdims: int(0) } });
}

/** Softmax of [E, heads] over the edges of each target. */
function segmentSoftmax(step: RelationStep, logits: string, targets: string): string {
  const { writer, weights, target } = step;
  const rows = rowCount(writer, target);
  const widths = [weights.dims.attentionHeadCount];
  const top = scatter(writer, { rows, widths, targets, values: logits, reduction: 'max' });
  const exps = writer.op('Exp', [writer.op('Sub', [logits, writer.op('Gather', [top, targets])])]);
  const total = scatter(writer, { rows, widths, targets, values: exps, reduction: 'add' });
  const positive = writer.op('Add', [total, scalar(writer, 'softmax_epsilon', SOFTMAX_EPSILON)]);
  return writer.op('Div', [exps, writer.op('Gather', [positive, targets])]);
}

/** GAT of one relation: [rows of the target, width]. */
export function writeGatRelation(step: RelationStep): string {
  const { writer, weights, layer, relation, source, target } = step;
  const { attentionHeadCount: heads, gatHiddenWidth: width } = weights.dims;
  const prefix = gatPrefix(layer, relation);
  const [sources, targets] = [ends(step, 0), ends(step, 1)];
  const messages = projectHeads(step, source, `${prefix}.lin_src.weight`);
  const bySource = attentionTerm(step, messages, `${prefix}.att_src`);
  const projectedTarget = projectHeads(step, target, `${prefix}.lin_dst.weight`);
  const byTarget = attentionTerm(step, projectedTarget, `${prefix}.att_dst`);
  const projectedEdge = projectHeads(step, `edge_attr_${relationKey(relation)}`, `${prefix}.lin_edge.weight`);
  const byEdge = attentionTerm(step, projectedEdge, `${prefix}.att_edge`);
  const ofNodes = writer.op('Add', [
    writer.op('Gather', [bySource, sources]),
    writer.op('Gather', [byTarget, targets]),
  ]);
  const logits = writer.op('LeakyRelu', [writer.op('Add', [ofNodes, byEdge])], {
    attributes: { alpha: { kind: 'float', value: NEGATIVE_SLOPE } },
  });
  const alpha = segmentSoftmax(step, logits, targets);
  const weighted = writer.op('Mul', [
    writer.op('Gather', [messages, sources]),
    writer.op('Unsqueeze', [alpha, writer.ints([2])]),
  ]);
  const rows = rowCount(writer, target);
  const sum = scatter(writer, { rows, widths: [heads, width], targets, values: weighted, reduction: 'add' });
  const mean = writer.op('ReduceMean', [sum, writer.ints([1])], { attributes: { keepdims: int(0) } });
  return writer.op('Add', [mean, tensor(step, `${prefix}.bias`)]);
}
