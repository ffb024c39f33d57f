import { NODE_TYPES, type NodeType, RELATIONS } from '../../graph/schema.js';
import { rawHeads, twoStageHeads } from '../head-layout.js';
import { GraphWriter, int } from '../onnx/graph-writer.js';
import type { OnnxGraph } from '../onnx/onnx-graph.js';
import { GAT0_TARGETS, GAT1_TARGETS, incomingCount } from '../relation-index.js';
import { CONV_LAYER_COUNT, encoderPrefix, gatInputWidth, headHiddenWidth } from '../weight-names.js';
import type { PolicyWeights } from '../weights.js';
import { COMPILED_CONTRACT, compiledInputs, compiledOutputs } from './compiled-contract.js';
import { type FoldedLinear, foldAttention, foldGat, foldSage } from './fold.js';
import { foldFirstHeads, foldLinear, foldSecondHeads } from './fold-heads.js';
import type { WeightFormat } from './weight-format.js';
import { writeEncoder, writeGelu, writeProduct, writeRows } from './write-parts.js';

interface Build {
  readonly weights: PolicyWeights;
  readonly format: WeightFormat;
  readonly writer: GraphWriter;
  /** int64 [6]: rows of each node type. */
  readonly counts: string;
}

/** Rows per type times a constant per type, as sizes for Split. */
function pieceSizes({ writer, counts }: Build, factors: readonly number[]): string {
  const prefix =
    factors.length === NODE_TYPES.length
      ? counts
      : writer.op('Slice', [counts, writer.ints([0]), writer.ints([factors.length])]);
  return writer.op('Mul', [prefix, writer.ints(factors)]);
}

interface ProductPerType {
  readonly targets: readonly NodeType[];
  /** Rows of `stacked` that belong to one node of a type. */
  readonly rowsPerNode: (type: NodeType) => number;
  readonly fold: (type: NodeType) => FoldedLinear;
  readonly name: string;
}

/** Cuts stacked bucket rows by target type, lays the buckets of a node side by side, and multiplies. */
function writeProducts(build: Build, stacked: string, { targets, rowsPerNode, fold, name }: ProductPerType): string[] {
  const { writer, format } = build;
  const pieces = writer.ops('Split', [stacked, pieceSizes(build, targets.map(rowsPerNode))], {
    count: targets.length,
    attributes: { axis: int(0) },
  });
  return targets.map((type, t) => {
    const folded = fold(type);
    const rows = writer.op('Reshape', [pieces[t] as string, writer.ints([-1, folded.inputs])]);
    return writeProduct(writer, rows, { name: `${name}_${type}`, folded, format });
  });
}

/** `parts` one below the other, then the null node's row of zeros. */
function writeWithNullRow(writer: GraphWriter, parts: readonly string[], width: number): string {
  const name = `null_row_${width}`;
  return writer.op('Concat', [...parts, writeRows(writer, name, width)], { attributes: { axis: int(0) } });
}

function writeSageLayer(build: Build, layer: number, x: string): string {
  const { writer, weights } = build;
  const buckets = writer.op('MatMul', ['sage_adj', x]);
  const parts = writeProducts(build, buckets, {
    targets: NODE_TYPES,
    rowsPerNode: (type) => incomingCount(type) + 1,
    fold: (type) => foldSage(weights, layer, type),
    name: `sage${layer}`,
  });
  // GELU(0) + 0 keeps the null row zero.
  const merged = writeWithNullRow(writer, parts, weights.dims.sageHiddenWidth);
  return writer.op('Add', [writeGelu(writer, merged), x]);
}

interface Buckets {
  readonly relations: string;
  readonly destinations: string;
  readonly edges: string;
}

interface GatLayer {
  readonly layer: number;
  readonly x: string;
  readonly targets: readonly NodeType[];
  readonly buckets: Buckets;
}

/** Attention weights of every bucket over every column: [buckets · heads, columns]. */
function writeAttention({ writer, weights }: Build, { layer, x, buckets }: GatLayer): string {
  const { attentionHeadCount: heads, edgeFeatureWidth } = weights.dims;
  const inputs = gatInputWidth(weights.dims, layer);
  const columns = RELATIONS.length * heads;
  const folded = foldAttention(weights, layer);
  const source = writer.floats(`gat${layer}_att_source`, [columns, inputs], folded.source);
  const target = writer.floats(`gat${layer}_att_target`, [inputs, columns], folded.target);
  const edge = writer.floats(`gat${layer}_att_edge`, [RELATIONS.length, heads, edgeFeatureWidth + 1], folded.edge);
  const bySource = writer.op('Gemm', [source, x], { attributes: { transB: int(1) } });
  const sourceTerm = writer.op('Gather', [
    writer.op('Reshape', [bySource, writer.ints([RELATIONS.length, heads, -1])]),
    buckets.relations,
  ]);
  const byTarget = writer.op('Reshape', [writer.op('MatMul', [x, target]), writer.ints([-1, heads, 1])]);
  const targetTerm = writer.op('Gather', [byTarget, buckets.destinations]);
  const edgeTerm = writer.op('MatMul', [writer.op('Gather', [edge, buckets.relations]), buckets.edges]);
  const logits = writer.op('Add', [writer.op('Add', [sourceTerm, edgeTerm]), targetTerm]);
  const leaky = writer.op('LeakyRelu', [logits], { attributes: { alpha: { kind: 'float', value: 0.2 } } });
  const alpha = writer.op('Softmax', [leaky], { attributes: { axis: int(2) } });
  const widthOf = writer.op('Shape', [x], { attributes: { start: int(0), end: int(1) } });
  return writer.op('Reshape', [
    alpha,
    writer.op('Concat', [writer.ints([-1]), widthOf], { attributes: { axis: int(0) } }),
  ]);
}

/** One GAT layer up to its bias: one part per target type. */
function writeGatLayer(build: Build, given: GatLayer): string[] {
  const { writer, weights } = build;
  const heads = weights.dims.attentionHeadCount;
  return writeProducts(build, writer.op('MatMul', [writeAttention(build, given), given.x]), {
    targets: given.targets,
    rowsPerNode: (type) => incomingCount(type) * heads,
    fold: (type) => foldGat(weights, given.layer, type),
    name: `gat${given.layer}`,
  });
}

function prefixRows(writer: GraphWriter, x: string, end: string): string {
  return writer.op('Slice', [x, writer.ints([0]), end]);
}

function writeFirstGat(build: Build, x: string): string {
  const { writer, weights } = build;
  const { sageHiddenWidth, gatHiddenWidth } = weights.dims;
  const buckets = { relations: 'bucket_rel', destinations: 'bucket_dst', edges: 'gat0_edge' };
  const parts = writeGatLayer(build, { layer: 0, x, targets: GAT0_TARGETS, buckets });
  if (sageHiddenWidth !== gatHiddenWidth) return writeGelu(writer, writeWithNullRow(writer, parts, gatHiddenWidth));
  // Equal widths: the residual is added, for the rows that are kept.
  const fresh = writeGelu(writer, writer.op('Concat', parts, { attributes: { axis: int(0) } }));
  const rows = writer.op('Shape', [fresh], { attributes: { start: int(0), end: int(1) } });
  const kept = writer.op('Add', [fresh, prefixRows(writer, x, rows)]);
  return writeWithNullRow(writer, [kept], gatHiddenWidth);
}

function writeLastGat(build: Build, x: string): readonly string[] {
  const { writer } = build;
  const q1 = writer.op('Shape', ['gat1_edge'], { attributes: { start: int(0), end: int(1) } });
  const buckets = {
    relations: prefixRows(writer, 'bucket_rel', q1),
    destinations: prefixRows(writer, 'bucket_dst', q1),
    edges: 'gat1_edge',
  };
  const parts = writeGatLayer(build, { layer: 1, x, targets: GAT1_TARGETS, buckets });
  const fresh = writeGelu(writer, writer.op('Concat', parts, { attributes: { axis: int(0) } }));
  const rows = writer.op('Shape', [fresh], { attributes: { start: int(0), end: int(1) } });
  const kept = writer.op('Add', [fresh, prefixRows(writer, x, rows)]);
  const sizes = pieceSizes(
    build,
    GAT1_TARGETS.map(() => 1),
  );
  return writer.ops('Split', [kept, sizes], { count: GAT1_TARGETS.length, attributes: { axis: int(0) } });
}

function writeHeads({ writer, weights }: Build, rows: readonly string[]): void {
  const [global, seed, blueprint] = rows as [string, string, string];
  const dims = weights.dims;
  const embedding = writer.op('ReduceMean', [global, writer.ints([0])], { attributes: { keepdims: int(1) } });
  const small = { format: 'float32' as const };
  const first = writeProduct(writer, embedding, { name: 'heads_first', folded: foldFirstHeads(weights), ...small });
  const rawWidth = rawHeads(dims).reduce((sum, { width }) => sum + width, 0);
  const hiddenWidth = twoStageHeads(dims).length * headHiddenWidth(dims);
  const [raw, hidden] = writer.ops('Split', [first, writer.ints([rawWidth, hiddenWidth])], {
    count: 2,
    attributes: { axis: int(1) },
  });
  const second = writeProduct(writer, writeGelu(writer, hidden as string), {
    name: 'heads_second',
    folded: foldSecondHeads(weights),
    ...small,
  });
  writer.op('Concat', [raw as string, writer.op('Tanh', [second]), embedding], {
    attributes: { axis: int(1) },
    as: 'heads',
  });
  const seedHead = { name: 'head_seed', folded: foldLinear(weights, '_seed_score_head'), as: 'seed_scores', ...small };
  writeProduct(writer, seed, seedHead);
  const blueprintHead = { name: 'head_blueprint', folded: foldLinear(weights, '_blueprint_score_head'), ...small };
  writeProduct(writer, blueprint, { ...blueprintHead, as: 'blueprint_scores' });
}

/**
 * The folded network: one product per target type and layer, attention over dense buckets, no dead relations. Exact, up to
 * rounding, for graphs in which all 21 relations are present (they may be empty).
 */
export function compiledNetwork(weights: PolicyWeights, format: WeightFormat): OnnxGraph {
  const writer = new GraphWriter();
  for (const port of compiledInputs(weights.dims)) writer.input(port);
  for (const port of compiledOutputs(weights.dims)) writer.output(port);
  const sizes = NODE_TYPES.map((type) =>
    writer.op('Shape', [`x_${type}`], { attributes: { start: int(0), end: int(1) } }),
  );
  const counts = writer.op('Concat', sizes, { attributes: { axis: int(0) } });
  const build: Build = { weights, format, writer, counts };
  const encoded = NODE_TYPES.map((type) =>
    writeEncoder(writer, weights, { input: `x_${type}`, prefix: encoderPrefix(type) }),
  );
  let x = writeWithNullRow(writer, encoded, weights.dims.sageHiddenWidth);
  for (let layer = 0; layer < CONV_LAYER_COUNT; layer += 1) x = writeSageLayer(build, layer, x);
  writeHeads(build, writeLastGat(build, writeFirstGat(build, x)));
  return writer.finish(COMPILED_CONTRACT);
}
